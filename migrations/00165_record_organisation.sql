-- +goose Up

-- ledger: whose record it is when it concerns neither an exam nor a person (a group, a term, the organisation itself) ----
alter table ledger_record add column organisation_id uuid;
