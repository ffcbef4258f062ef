-- +goose Up

-- account: parents of minors ----------------------------------------------------------------------------------------

create table guardian_invitation (
    id           uuid primary key,
    student_id   uuid not null references person,
    code_hash    bytea not null unique,        -- keyed hash; the code itself is in the letter or in the student's hands only
    email_sealed bytea,                        -- where the link went; null: the student hands the code over
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    used_at      timestamptz,                  -- single use
    used_by      uuid references person
);
create index guardian_invitation_by_student on guardian_invitation (student_id, created_at desc);

create table guardianship (
    student_id   uuid not null references person,
    guardian_id  uuid not null references person,
    authority    text not null check (authority in ('esia', 'papers')),
    since        timestamptz not null,
    confirmed_by uuid references person,       -- who looked at the papers
    primary key (student_id, guardian_id)
);
create index guardianship_by_guardian on guardianship (guardian_id);

create table guardian_claim (                  -- somebody says to be the parent, ESIA does not: the organisation looks at papers
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    student_id      uuid not null references person,
    guardian_id     uuid not null references person,
    filed_at        timestamptz not null,
    decided_at      timestamptz,
    decided_by      uuid references person,
    confirmed       boolean,
    note_sealed     bytea                      -- which papers, or why not
);
create index guardian_claim_open on guardian_claim (organisation_id, filed_at) where decided_at is null;
create unique index guardian_claim_once on guardian_claim (student_id, guardian_id) where decided_at is null;

create table consent_refusal (
    student_id  uuid not null references person,
    guardian_id uuid not null references person,
    text_id     uuid not null references consent_text,
    at          timestamptz not null,
    primary key (student_id, guardian_id, text_id)
);
