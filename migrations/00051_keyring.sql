-- +goose Up
-- keyring: the key of look-ups, which stays when the master key is changed ---------------------------------------------
create table keyring_lookup (
    one     boolean primary key default true check (one),
    wrapped bytea not null,                    -- under the master key
    master  text not null                      -- that key's name, which tells nothing of it
);
