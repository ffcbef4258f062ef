-- +goose NO TRANSACTION
-- +goose Up

-- The register of consents is read newest first.
create index concurrently if not exists consent_by_grant on consent (granted_at desc, id desc);
