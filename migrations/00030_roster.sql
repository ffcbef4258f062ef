-- +goose Up
alter table person add column email_sealed bytea; -- for reminders, encrypted
