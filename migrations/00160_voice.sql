-- What a proctor said aloud: who spoke, to whom, when. Not what: her voice is kept nowhere.

-- +goose Up
create table voice (
    id         uuid primary key,
    exam_id    uuid not null references exam,
    attempt_id uuid references attempt,        -- null: to everybody who sits the exam
    speaker_id uuid not null references person,
    at         timestamptz not null,
    ended_at   timestamptz                     -- null: it goes on, or the service fell
);
create index voice_by_exam on voice (exam_id, at);

create table voice_heard (                      -- whom it reached, and from when on
    voice_id   uuid not null references voice,
    attempt_id uuid not null references attempt,
    at         timestamptz not null,
    primary key (voice_id, attempt_id)
);
create index voice_heard_by_attempt on voice_heard (attempt_id, at);

-- +goose Down
drop table voice_heard;
drop table voice;
