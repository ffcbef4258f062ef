-- +goose Up

-- account: roles through the organisation's access groups at ESIA ----------------------------------------------------

create table esia_group (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    esia_org        text not null,             -- the organisation's OID at ESIA
    group_id        text not null,             -- the access group's mnemonic
    role            text not null check (role in ('proctor', 'registrar', 'administrator')),
    created_at      timestamptz not null,
    unique (organisation_id, esia_org, group_id, role)
);

-- A role may be given by hand and by groups at once; it is gone when the last of them is.
alter table person_role
    add column source   text not null default 'hand' check (source in ('hand', 'esia')),
    add column group_id text not null default '',  -- of esia: which group gives it
    drop constraint person_role_pkey,
    add primary key (person_id, role, source, group_id);
