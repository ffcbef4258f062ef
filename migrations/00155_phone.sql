-- +goose Up

-- exam: a phone is a second camera of an attempt. Its code is in the link that the student's page shows, works once and is exchanged for a token.
alter table attempt_token drop constraint attempt_token_use_check;
alter table attempt_token add constraint attempt_token_use_check check (use in ('publish', 'watch', 'phone_code', 'phone'));
