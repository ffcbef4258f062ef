-- +goose Up

-- account: logins issued by the organisation -------------------------------------------------------------------------

create table login (
    person_id    uuid primary key references person,
    name         text not null unique,         -- small letters, digits, dots; one for the whole installation
    hash         text not null,                -- Argon2id with its parameters
    must_change  boolean not null,             -- the password was issued and not chosen
    expires_at   timestamptz,                  -- an issued password ends if it is not used
    failures     int not null default 0,       -- since the last success
    locked_until timestamptz,
    changed_at   timestamptz not null,
    used_at      timestamptz
);
