-- +goose Up

-- mail: outgoing e-mail waits here until a server took it ---------------------------------------------------------

create table mail_message (
    id              uuid primary key,
    organisation_id uuid not null references organisation,
    kind            text not null,             -- what the letter is about: a word of our own, no personal data
    content         bytea,                     -- recipient, subject and text, encrypted; null once sent or given up long ago
    queued_at       timestamptz not null,
    next_at         timestamptz not null,      -- not before then; while a node is sending it, when another may try
    tries           int not null default 0,
    sent_at         timestamptz,
    dead_at         timestamptz,               -- given up: somebody must look
    failure         text not null default ''   -- why the last try failed, without the address
);
create index mail_message_due on mail_message (next_at) where sent_at is null and dead_at is null;
create index mail_message_dead on mail_message (dead_at) where dead_at is not null;
create index mail_message_sent on mail_message (sent_at) where sent_at is not null;
