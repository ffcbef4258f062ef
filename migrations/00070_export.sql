-- +goose Up

-- registrar/export: exports that are made apart from the request that asked for them -----------------------------------
create table export_job (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    person_id       uuid not null references person, -- for whom it is made, and nobody else
    wanted          jsonb not null,            -- the order; no personal values
    name            text not null,             -- the file's
    state           text not null default 'waiting' check (state in ('waiting', 'running', 'ready', 'failed', 'cancelled', 'expired')),
    fault           text not null default '',  -- a code, of a failed one
    progress        real not null default 0,   -- 0…1
    size            bigint not null default 0, -- bytes
    sha256          bytea,                     -- of a ready one
    asked_at        timestamptz not null,
    ended_at        timestamptz,
    expires_at      timestamptz,               -- of a ready one
    tries           int not null default 0,
    run             uuid,                      -- who makes it, and the folder of its parts
    lease_until     timestamptz,               -- the run renews it; afterwards another may begin anew
    key             bytea,                     -- wrapped; null: there is nothing that could be read
    swept_at        timestamptz                -- the objects are deleted
);
create index export_job_of_person on export_job (person_id, asked_at desc);
create index export_job_open on export_job (asked_at) where state in ('waiting', 'running');
create index export_job_unswept on export_job (id) where swept_at is null;
