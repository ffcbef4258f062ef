-- +goose Up

-- A record's place in the tree stands apart from the record: giving it a place rewrites thirty bytes, not the whole row and all its indexes.
create table ledger_leaf (
    seq  bigint primary key,                   -- of ledger_record
    hash bytea,                                -- RFC 6962's hash of the leaf, until it has its place
    leaf bigint unique                         -- its place in the tree, null until the sequencer took it
);
create index ledger_leaf_pending on ledger_leaf (seq) where leaf is null;

-- The tree's hashes by tiles (C2SP tlog-tiles, height 8): one row holds up to 256 hashes of a level, one after the other.
create table ledger_tile (
    level  int not null,                       -- 0: of leaves, 1: of 256 leaves each, …
    n      bigint not null,
    hashes bytea not null,
    primary key (level, n)
);
alter table ledger_tile alter column hashes set storage external; -- hashes do not compress

insert into ledger_leaf (seq, hash, leaf)
    select seq, case when leaf is null then sha256('\x00'::bytea || body) end, leaf from ledger_record;

-- tlog's index of the hash (level h, number i): with m = (i + 1) * 2^h - 1 it is 2m - popcount(m) + h.
insert into ledger_tile (level, n, hashes)
    select t.level, t.i / 256, string_agg(s.hash, ''::bytea order by t.i)
    from (select h as level, i, ((i + 1) << (8 * h)) - 1 as m
          from generate_series(0, 3) h, generate_series(0, ((select coalesce(max(size), 0) from ledger_checkpoint) >> (8 * h)) - 1) i) t
    join ledger_hash s on s.index = 2 * t.m - bit_count(t.m::bit(64)) + 8 * t.level
    group by 1, 2;

alter table ledger_record drop column leaf;
drop table ledger_hash;
