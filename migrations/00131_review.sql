-- +goose Up

-- invigilate: what people say of the machine's flags, and what they conclude --------------------------------------
create table flag_review (                     -- the newest word counts; the log keeps all
    event_id uuid primary key references event,
    verdict  text not null check (verdict in ('confirmed', 'dismissed')),
    at       timestamptz not null,
    actor    uuid not null references person
);

create table conclusion (                      -- of an attempt's review; those before it stay
    id         uuid primary key,
    attempt_id uuid not null references attempt,
    result     text not null,
    body       bytea,                          -- in words, encrypted; null: none, or erased
    at         timestamptz not null,
    actor      uuid not null references person
);
create index conclusion_by_attempt on conclusion (attempt_id, at desc);
create index event_flag on event (attempt_id) where lane = 'behaviour' or kind in ('liveness', 'identity_alarm');
