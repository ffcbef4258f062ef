-- +goose Up

-- exam: tokens by which a camera or a player without a browser's session publishes or watches one attempt (WHIP, WHEP) -----------
create table attempt_token (
    hash       bytea primary key,              -- SHA-256 of the token, which is not kept
    attempt_id uuid not null references attempt,
    use        text not null check (use in ('publish', 'watch')),
    issued_by  uuid references person,         -- null: the command line
    issued_at  timestamptz not null,
    expires_at timestamptz not null
);
create index attempt_token_by_attempt on attempt_token (attempt_id);
