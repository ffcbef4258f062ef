-- +goose Up

-- exam: time that one student has beyond the exam's end, each grant a row ------------------------------------------
alter table attempt add column extra_minutes int not null default 0 check (extra_minutes between 0 and 1440);

create table extra_time (
    id         bigint generated always as identity primary key,
    attempt_id uuid not null references attempt,
    minutes    int not null check (minutes <> 0 and minutes between -1440 and 1440), -- less than 0: taken back
    at         timestamptz not null,
    actor      uuid not null references person,
    reason     text not null
);
create index extra_time_by_attempt on extra_time (attempt_id, id);

-- invigilate: what passes between proctors and students --------------------------------------------------------------

create table message (
    id           uuid primary key,
    number       bigint generated always as identity unique,
    exam_id      uuid not null references exam,
    attempt_id   uuid references attempt,      -- null: to everybody who sits the exam
    sender_id    uuid not null references person,
    from_student boolean not null,
    at           timestamptz not null,
    body         bytea                         -- encrypted; null once erased
);
create index message_by_attempt on message (attempt_id, number);
create index message_to_all on message (exam_id, number) where attempt_id is null;

create table message_seen (                    -- up to which message either side has read
    attempt_id uuid not null references attempt,
    by_student boolean not null,
    number     bigint not null,
    primary key (attempt_id, by_student)
);

create table help_call (                       -- a raised hand
    id              uuid primary key,
    attempt_id      uuid not null references attempt,
    reason          text not null,
    body            bytea,                     -- in her words, encrypted; null: none, or erased
    at              timestamptz not null,
    acknowledged_at timestamptz,
    acknowledged_by uuid references person,
    closed_at       timestamptz,
    closed_by       uuid references person,
    check (closed_at is null or closed_by is not null),
    check ((acknowledged_at is null) = (acknowledged_by is null))
);
create unique index help_call_open_once on help_call (attempt_id) where closed_at is null;
create index help_call_by_attempt on help_call (attempt_id, at);

create table warning (
    id           uuid primary key,
    attempt_id   uuid not null references attempt,
    reason       text not null,
    body         bytea,                        -- encrypted; null: none, or erased
    at           timestamptz not null,
    given_by     uuid not null references person,
    withdrawn_at timestamptz,
    withdrawn_by uuid references person,
    check ((withdrawn_at is null) = (withdrawn_by is null))
);
create index warning_by_attempt on warning (attempt_id, at);

create table note (                            -- of staff for staff
    id         uuid primary key,
    attempt_id uuid not null references attempt,
    author_id  uuid not null references person,
    at         timestamptz not null,
    body       bytea                           -- encrypted; null once erased
);
create index note_by_attempt on note (attempt_id, at);

create table duty (                            -- who watches an exam; ended rows are its history
    id        uuid primary key,
    exam_id   uuid not null references exam,
    person_id uuid not null references person,
    since     timestamptz not null,
    given_by  uuid not null references person,
    ended_at  timestamptz,
    ended_by  uuid references person,
    check ((ended_at is null) = (ended_by is null))
);
create unique index duty_once on duty (exam_id, person_id) where ended_at is null;
create index duty_by_person on duty (person_id) where ended_at is null;

create table charge (                          -- who looks after one student; ended rows are its history
    id         uuid primary key,
    attempt_id uuid not null references attempt,
    person_id  uuid not null references person,
    since      timestamptz not null,
    given_by   uuid not null references person,
    ended_at   timestamptz
);
create unique index charge_once on charge (attempt_id) where ended_at is null;
create index charge_by_attempt on charge (attempt_id, since);
