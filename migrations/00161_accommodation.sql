-- What is done differently for one student of an exam. Never why: that is health data, and nothing here needs it.

-- +goose Up
alter table roster_entry add column no_voice boolean not null default false;
alter table roster_entry add column more_minutes int not null default 0 check (more_minutes between 0 and 720);

create table accommodation (                    -- who said so, and when; the newest row is what holds
    id              bigint generated always as identity primary key,
    roster_entry_id uuid not null references roster_entry,
    no_voice        boolean not null,
    more_minutes    int not null,
    at              timestamptz not null,
    actor           uuid references person      -- null: a file that was taken in on the command line
);
create index accommodation_by_entry on accommodation (roster_entry_id, id);

-- +goose Down
drop table accommodation;
alter table roster_entry drop column more_minutes;
alter table roster_entry drop column no_voice;
