-- +goose Up

-- room: the nodes of the service, and which of them each exam lives on. All times are the database's. -------------------------------
create table media_node (
    id         uuid primary key,               -- the spool's: what it holds is this node's, whenever it starts again
    run        uuid not null,                  -- of the process
    url        text not null,                  -- where the other nodes reach it; empty: it knows of none
    version    text not null,
    started_at timestamptz not null default clock_timestamp(),
    seen_at    timestamptz not null default clock_timestamp(),
    publishers int not null default 0,
    viewers    int not null default 0,
    draining   boolean not null default false  -- takes no more rooms
);

create table media_room (
    exam_id     uuid primary key references exam on delete cascade,
    node_id     uuid not null references media_node on delete cascade,
    lease_until timestamptz not null,
    weight      int not null,                  -- students expected
    live        int not null default 0,        -- of them: whose media arrive
    watching    int not null default 0         -- proctors' pages
);
create index media_room_by_node on media_room (node_id);
