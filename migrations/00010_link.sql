-- +goose Up

-- account: what ties an ESIA account to people ---------------------------------------------------------------------

alter table person
    add column document_hash   bytea,          -- keyed hash of the identity document's series and number
    add column document_sealed bytea;          -- the same, encrypted

-- One ESIA account is never tied to two people of one organisation; in several organisations it may be known.
alter table person drop constraint person_esia_oid_key;
create unique index person_account on person (organisation_id, esia_oid);
create index person_by_account on person (esia_oid) where esia_oid is not null;
create index person_by_snils on person (snils_hash) where snils_hash is not null;
create index person_by_birth on person (birth_date);
