-- +goose Up

-- Changes of the log's key: a statement signed by the old key and the new one.
create table ledger_key_change (
    size       bigint primary key,             -- checkpoints up to that size are the old key's, larger ones the new key's
    key        text not null,                  -- the new one
    note       text not null,
    changed_at timestamptz not null
);
