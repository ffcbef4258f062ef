-- +goose Up

-- account: organisations, people, roles, consents ---------------------------------------------------------------

create table organisation (
    id         uuid primary key,
    name       text not null,
    short_name text not null,
    act_number text not null default '',       -- the local act (приказ) that allows identified remote exams
    act_date   date,
    contact    text not null default '',
    created_at timestamptz not null default now()
);

create table person (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    last_name       text not null,
    first_name      text not null,
    middle_name     text not null default '',
    name_key        text not null,             -- the name as matching compares it
    birth_date      date not null,
    snils_hash      bytea,                     -- keyed hash: look-ups without the number
    snils_sealed    bytea,                     -- the number, encrypted
    esia_oid        text unique,               -- one ESIA account is never tied to two people
    linked_at       timestamptz,
    created_at      timestamptz not null default now(),
    unique (organisation_id, snils_hash)
);
create index person_match on person (organisation_id, name_key, birth_date);

create table person_role (
    person_id  uuid not null references person,
    role       text not null check (role in ('student', 'proctor', 'registrar', 'administrator', 'guardian')),
    granted_at timestamptz not null default now(),
    primary key (person_id, role)
);

create table consent_text (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    version         int not null,
    title           text not null,
    body            text not null,
    sha256          bytea not null,
    published_at    timestamptz not null default now(),
    unique (organisation_id, version)
);

-- exam: exams, rosters, attempts ---------------------------------------------------------------------------------

create table exam (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    code            text not null unique,
    title           text not null,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    policy          jsonb not null,
    finished_at     timestamptz,
    created_at      timestamptz not null default now(),
    check (ends_at > starts_at)
);
create index exam_by_time on exam (organisation_id, starts_at desc);

create table roster_entry (
    id         uuid primary key,
    exam_id    uuid not null references exam,
    person_id  uuid not null references person,
    faculty    text not null default '',
    group_name text not null default '',
    unique (exam_id, person_id)
);

create table attempt (
    id              uuid primary key,
    exam_id         uuid not null references exam,
    roster_entry_id uuid not null unique references roster_entry,
    person_id       uuid not null references person,
    state           text not null,
    state_reason    text not null default '',
    tries_left      int not null check (tries_left >= 0),
    created_at      timestamptz not null default now()
);
create index attempt_by_exam on attempt (exam_id);
create index attempt_by_person on attempt (person_id);
create index attempt_identifying on attempt (id) where state = 'identifying';

create table attempt_move (
    id         bigint generated always as identity primary key,
    attempt_id uuid not null references attempt,
    from_state text not null,
    to_state   text not null,
    at         timestamptz not null,
    actor      uuid references person,         -- null: the service itself
    reason     text not null default ''
);
create index attempt_move_by_attempt on attempt_move (attempt_id, id);

create table event (
    id           uuid primary key,
    attempt_id   uuid not null references attempt,
    lane         text not null check (lane in ('identity', 'behaviour', 'technical', 'proctor')),
    kind         text not null,
    at           timestamptz not null,
    recording_id uuid,
    offset_ms    bigint,
    detail       jsonb not null default '{}'
);
create index event_by_attempt on event (attempt_id, at);

create table consent (
    id           uuid primary key,
    person_id    uuid not null references person,
    attempt_id   uuid not null references attempt,
    text_id      uuid not null references consent_text,
    granted_at   timestamptz not null,
    withdrawn_at timestamptz,
    identity     bytea not null                -- who she was at that moment by ESIA, encrypted
);
create index consent_by_attempt on consent (attempt_id);
create index consent_by_person on consent (person_id);

-- archive: keys, recordings, segments, objects -------------------------------------------------------------------

create table object_key (
    attempt_id   uuid primary key references attempt,
    wrapped      bytea,                        -- null once destroyed
    destroyed_at timestamptz
);

create table recording (
    id         uuid primary key,
    attempt_id uuid not null references attempt,
    kind       text not null check (kind in ('camera', 'screen', 'phone')),
    started_at timestamptz not null,
    sealed     int not null default -1,        -- the last segment whose chain value entered the log
    unique (attempt_id, kind)
);

create table segment (
    recording_id uuid not null references recording,
    number       int not null,
    object_key   text not null,
    started_at   timestamptz not null,
    start_ms     bigint not null,
    duration_ms  bigint not null,
    size         bigint not null,
    sha256       bytea not null,
    prev_sha256  bytea not null,
    chain        bytea not null,               -- SHA-256 of the previous chain value and this segment's hash
    recovered    boolean not null default false,
    video        boolean not null,
    audio        boolean not null,
    width        int not null,
    height       int not null,
    rtp_time     bigint not null,
    ntp_time     timestamptz,
    gaps         jsonb not null default '[]',
    primary key (recording_id, number)
);

-- ledger: the identification log ---------------------------------------------------------------------------------

create table ledger_record (
    id         uuid primary key,
    seq        bigint generated always as identity unique,
    leaf       bigint unique,                  -- its place in the tree, null until the sequencer took it
    type       text not null,
    at         timestamptz not null,
    body       bytea not null,                 -- canonical JSON, what the leaf's hash covers
    personal   bytea,                          -- encrypted values of the fields whose salted hashes stand in the body
    exam_id    uuid,
    attempt_id uuid,
    person_id  uuid,
    outcome    text not null default ''
);
create index ledger_record_pending on ledger_record (seq) where leaf is null;
create index ledger_record_by_exam on ledger_record (exam_id, seq desc);
create index ledger_record_by_type on ledger_record (type, seq desc);
create index ledger_record_by_attempt on ledger_record (attempt_id, seq);
create index ledger_record_by_time on ledger_record (at);

create table ledger_hash (
    index bigint primary key,                  -- tlog's stored hash index
    hash  bytea not null
);

create table ledger_checkpoint (
    size bigint primary key,
    root bytea not null,
    note text not null,
    at   timestamptz not null
);

-- identify -------------------------------------------------------------------------------------------------------

create table challenge (
    id         uuid primary key,
    attempt_id uuid not null references attempt,
    digits     text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index challenge_by_attempt on challenge (attempt_id);

create table identification (
    id            uuid primary key,
    attempt_id    uuid not null references attempt,
    number        int not null,
    challenge_id  uuid references challenge,
    started_at    timestamptz not null,
    decided_at    timestamptz not null,
    outcome       text not null,
    reason        text not null,
    threshold     double precision not null,
    overall       double precision,
    photo         double precision,
    sound         double precision,
    liveness      double precision,
    quality       jsonb not null default '[]',
    recording_id  uuid references recording,
    frame_ms      bigint,
    frame_sha256  bytea,
    photo_sha256  bytea,
    voice_from_ms bigint,
    voice_to_ms   bigint,
    voice_sha256  bytea,
    verdict_id    text,
    verdict       text,                        -- verbatim, as the verifier signed it
    verdict_key   text,                        -- the same as an object
    request_id    text not null,
    record_id     uuid not null references ledger_record,
    unique (attempt_id, number)
);

create table verdict_use (                     -- single use: a verdict's jti is kept until it expires
    issuer     text not null,
    jti        text not null,
    expires_at timestamptz not null,
    primary key (issuer, jti)
);
create index verdict_use_expiry on verdict_use (expires_at);

-- api: sessions (alexedwards/scs) --------------------------------------------------------------------------------

create table sessions (
    token  text primary key,
    data   bytea not null,
    expiry timestamptz not null
);
create index sessions_expiry on sessions (expiry);
