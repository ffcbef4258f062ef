-- +goose Up
-- retention: how long what is kept; without a row the default of the program stands -----------------------------------
create table retention_term (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    exam_id         uuid references exam,      -- null: the organisation's
    class           text not null check (class in ('recordings', 'log', 'consents', 'requests')),
    days            int not null check (days between 1 and 36500),
    reason          text not null,             -- why so long: the act, the law
    changed_by      uuid references person,    -- null: the command line
    changed_at      timestamptz not null,
    check (exam_id is null or class = 'recordings')
);
create unique index retention_term_of_organisation on retention_term (organisation_id, class) where exam_id is null;
create unique index retention_term_of_exam on retention_term (exam_id, class) where exam_id is not null;
-- What may not be erased until it is lifted: an appeal, an order of a court or an authority.
create table retention_hold (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    exam_id         uuid not null references exam,
    attempt_id      uuid references attempt,   -- null: the whole exam
    kind            text not null check (kind in ('appeal', 'order')),
    reason          bytea not null,            -- encrypted: it may name people
    placed_at       timestamptz not null,
    placed_by       uuid references person,    -- null: the command line
    lifted_at       timestamptz,
    lifted_by       uuid references person,
    lift_reason     bytea                      -- encrypted
);
create index retention_hold_on_exam on retention_hold (exam_id) where lifted_at is null;
create index retention_hold_on_attempt on retention_hold (attempt_id) where lifted_at is null and attempt_id is not null;
create index retention_hold_list on retention_hold (organisation_id, placed_at desc);
-- The daily runs.
create table retention_run (
    id         bigint generated always as identity primary key,
    started_at timestamptz not null,
    ended_at   timestamptz not null,
    erased     jsonb not null default '{}',    -- class → how many
    error      text not null default ''        -- empty: all that was due is gone
);
-- archive: the objects of a destroyed key are deleted after it, and how many they were ----------------------------------
alter table object_key
    add column destroy_reason text not null default '',
    add column deleted_at     timestamptz,     -- of the objects; null while some may be there
    add column deleted        bigint not null default 0;
update object_key set destroy_reason = 'consent_withdrawn' where destroyed_at is not null;
create index object_key_undeleted on object_key (attempt_id) where destroyed_at is not null and deleted_at is null;
-- account: what expires is emptied or removed ---------------------------------------------------------------------------
alter table consent alter column identity drop not null; -- null: its term is over
create index request_decided on request (decided_at) where decided_at is not null;
create index guardian_claim_decided on guardian_claim (decided_at) where note_sealed is not null;
-- ledger: whose personal values are still there -------------------------------------------------------------------------
create index ledger_record_personal on ledger_record (at) where personal is not null;
