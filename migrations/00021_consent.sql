-- +goose Up

-- account: a consent is a person's, to one version of the text; attempts rely on it --------------------------------

alter table consent
    add column guardian_id  uuid references person, -- who gave it for a minor; null: she herself
    add column withdrawn_by uuid references person;

create table consent_use (
    attempt_id uuid not null references attempt,
    consent_id uuid not null references consent,
    at         timestamptz not null,
    primary key (attempt_id, consent_id)
);
create index consent_use_by_consent on consent_use (consent_id);
insert into consent_use (attempt_id, consent_id, at) select attempt_id, id, granted_at from consent;
alter table consent drop column attempt_id;

-- archive: when the key of an attempt's objects is to be destroyed --------------------------------------------------

alter table object_key add column destroy_at timestamptz; -- null: at the end of the usual term
create index object_key_doomed on object_key (destroy_at) where destroy_at is not null and destroyed_at is null;
