-- +goose Up

-- appeal: a student contests a decision on her attempt; another person than who took it decides ----------------------
create table appeal (
    id              uuid primary key,
    number          bigint generated always as identity unique,
    organisation_id uuid not null references organisation,
    attempt_id      uuid not null references attempt,
    person_id       uuid not null references person,
    state           text not null default 'open' check (state in ('open', 'granted', 'rejected')),
    remedy          text not null default '' check (remedy in ('', 'try', 'annul')),
    personal        bytea not null,            -- what she wrote and where the answer goes, encrypted
    filed_at        timestamptz not null,
    decided_at      timestamptz,
    decided_by      uuid references person,
    reason          bytea,                     -- encrypted
    hold            uuid not null,             -- keeps the evidence until release_at
    release_at      timestamptz,               -- set by the decision
    released_at     timestamptz,
    check ((state = 'open') = (decided_at is null))
);
create unique index appeal_open_once on appeal (attempt_id) where state = 'open';
create index appeal_by_attempt on appeal (attempt_id, number desc);
create index appeal_queue on appeal (organisation_id, number desc);
create index appeal_release on appeal (release_at) where released_at is null;

create table appeal_policy (                   -- without a row the defaults of the program stand
    organisation_id uuid primary key references organisation,
    days            int not null check (days between 1 and 365),      -- for filing, after the exam's end or the last decision
    hold_days       int not null check (hold_days between 0 and 3650) -- the evidence is kept after the decision
);
