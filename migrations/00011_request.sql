-- +goose Up

-- account: in which role somebody acts, and requests to the organisation -------------------------------------------

alter table person
    add column chosen_role text,               -- the role in which she acted last
    add column chosen_at   timestamptz;        -- when; of several people of one ESIA account the latest choice counts

create index person_by_name on person (organisation_id, name_key text_pattern_ops);

create table request (
    id              uuid primary key,
    number          bigint generated always as identity unique,
    organisation_id uuid not null references organisation,
    kind            text not null check (kind in ('link', 'organisation')),
    state           text not null default 'open' check (state in ('open', 'linked', 'refused')),
    esia_oid        text not null,
    personal        bytea not null,            -- what ESIA said and what was written, encrypted
    filings         int not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    decided_at      timestamptz,
    decided_by      uuid references person,
    person_id       uuid references person,    -- whom the account was linked to
    reason          bytea                      -- why it was refused, encrypted
);
create unique index request_open on request (organisation_id, esia_oid) where state = 'open';
create index request_queue on request (organisation_id, state, number desc);
create index request_by_account on request (esia_oid, created_at);

-- exam: under which groups somebody stands -------------------------------------------------------------------------

create index roster_entry_by_person on roster_entry (person_id);
