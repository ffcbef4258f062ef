-- +goose NO TRANSACTION
-- +goose Up

-- The list of a period is read in the order of its times.
create index concurrently if not exists ledger_record_by_at on ledger_record (at, seq);
drop index concurrently if exists ledger_record_by_time;
create index concurrently if not exists ledger_record_by_person on ledger_record (person_id, seq desc) where person_id is not null;
create index concurrently if not exists ledger_record_by_outcome on ledger_record (outcome, seq desc);
