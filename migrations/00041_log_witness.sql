-- +goose Up

-- Checkpoints that leave the house: each hour and after each exam.
create table ledger_occasion (
    id       bigint generated always as identity primary key,
    reason   text not null,                    -- hour, exam
    subject  text not null,                    -- the hour in UTC, the exam's id: one checkpoint for each
    after    bigint not null,                  -- the checkpoint must cover the record of that seq
    asked_at timestamptz not null,
    size     bigint,                           -- of the checkpoint that was taken, null until then
    cms      bytea,                            -- detached CMS signature (GOST) of its text, where the university signs so
    unique (reason, subject)
);
create index ledger_occasion_open on ledger_occasion (id) where size is null;

create table ledger_delivery (
    occasion_id  bigint not null references ledger_occasion,
    place        text not null,
    tries        int not null default 0,
    next_at      timestamptz not null,
    delivered_at timestamptz,
    answer       text not null default '',     -- a witness's cosignature, an object's key
    error        text not null default '',
    primary key (occasion_id, place)
);
create index ledger_delivery_due on ledger_delivery (next_at) where delivered_at is null;

-- The daily verification of the whole log.
create table ledger_check (
    id         bigint generated always as identity primary key,
    started_at timestamptz not null,
    ended_at   timestamptz not null,
    size       bigint not null,
    earlier    int not null,                   -- checkpoints that had left the house before, all held against the log
    error      text not null default ''        -- empty: the log is whole
);
