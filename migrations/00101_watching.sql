-- +goose Up

-- What is seen while an exam goes on lasts some time, and is believed more or less.
alter table event add until timestamptz, add confidence real;  -- 0…1
