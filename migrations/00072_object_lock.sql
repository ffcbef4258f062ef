-- +goose Up

-- archive: until when all of an attempt's objects are locked in the store; null: unknown, or the bucket locks none
alter table object_key add column locked_until timestamptz;
