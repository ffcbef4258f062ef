-- +goose Up

alter table identification add flags jsonb not null default '[]';  -- doubts of our own: [{"flag": "…", "confidence": 0…1}]
