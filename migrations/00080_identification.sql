-- +goose Up

-- identify: what was received, what is done again, what waits for the verifier ------------------------------------
alter table identification
    add kind  text not null default 'admission' check (kind in ('admission', 'again')),
    add cause text not null default '';

create table verdict_received (                -- as the verifier gave it, until the transaction that decides on it
    identification_id uuid primary key,
    attempt_id        uuid not null references attempt,
    finding           jsonb not null,          -- all that the decision needs; no sample
    token             text not null,
    received_at       timestamptz not null
);

create table reidentification (                -- of an attempt under way
    attempt_id  uuid primary key references attempt,
    due_at      timestamptz,                   -- the next one; null: none is planned
    cause       text not null default '' check (cause in ('', 'random', 'request', 'reconnection', 'away')),
    demanded_at timestamptz,                   -- she was asked to identify herself with digits
    tries_left  int not null default 0 check (tries_left >= 0),
    alarm_at    timestamptz                    -- somebody else seems to sit there; until she identifies herself, or a proctor settles it
);
create index reidentification_due on reidentification (due_at) where due_at is not null;
create index attempt_sitting on attempt (exam_id) where state in ('in_progress', 'paused');

create table outage_wait (                     -- attempts that wait for a verifier that does not answer
    attempt_id uuid primary key references attempt,
    since      timestamptz not null,
    until      timestamptz not null,           -- then the policy's next step
    next_at    timestamptz not null,
    tries      int not null default 0
);
create index outage_wait_next on outage_wait (next_at);

create table manual_identification (           -- by two members of staff
    id           uuid primary key,
    attempt_id   uuid not null references attempt,
    why          text not null,
    started_at   timestamptz not null,
    document     text not null default '',     -- its kind; never its number
    compared     text[] not null default '{}',
    first_id     uuid references person,
    first_at     timestamptz,
    first_ms     bigint,                       -- in the recording
    second_id    uuid references person,
    decided_at   timestamptz,
    outcome      text not null default '' check (outcome in ('', 'confirmed', 'refused', 'ended')),
    record_id    uuid references ledger_record,
    check (first_id is distinct from second_id or first_id is null)
);
create unique index manual_identification_open on manual_identification (attempt_id) where decided_at is null;
create index manual_identification_by_attempt on manual_identification (attempt_id, started_at);
create index attempt_move_manual on attempt_move (attempt_id) where to_state = 'manual_identification';
