-- +goose Up

-- archive: a recording is written from the spool of one node. When an attempt goes on at another node, another part begins: a chain of its own on
-- the same clock, so that what still waits in the first node's spool is stored under its own numbers whenever that node comes back. ----------------
alter table recording add column part int not null default 0, add column spool uuid; -- null: before there were several nodes
alter table recording drop constraint recording_attempt_id_kind_key;
alter table recording add constraint recording_part unique (attempt_id, kind, part);
