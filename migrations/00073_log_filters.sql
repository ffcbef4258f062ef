-- +goose NO TRANSACTION
-- +goose Up

-- The registrar's filters of the log, by faculty, by group and by appeals.
create index concurrently if not exists roster_entry_by_faculty on roster_entry (faculty) where faculty <> '';
create index concurrently if not exists roster_entry_by_group on roster_entry (group_name) where group_name <> '';
create index concurrently if not exists ledger_record_appeals on ledger_record (attempt_id) where type = 'appeal';
