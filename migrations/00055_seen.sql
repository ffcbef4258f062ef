-- +goose Up

-- ledger: who looked at whose evidence within the hour, so that the log tells of it once -----------------------------
create table ledger_seen (
    actor   uuid not null,
    what    text not null,
    subject uuid not null,                     -- the attempt or exam; zeros: all
    hour    timestamptz not null,
    primary key (actor, what, subject, hour)
);
