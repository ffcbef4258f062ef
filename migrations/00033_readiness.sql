-- +goose Up

-- exam: who is ready days ahead --------------------------------------------------------------------------------------

create table device_check (
    person_id  uuid primary key references person,
    camera     boolean not null,
    microphone boolean not null,
    at         timestamptz not null
);

alter table roster_entry add column reminded_at timestamptz; -- the last reminder by e-mail
