-- +goose Up

-- identify: after one that failed, the next is for the doubt -----------------------------------------------------
alter table reidentification drop constraint reidentification_cause_check;
alter table reidentification add constraint reidentification_cause_check check (cause in ('', 'random', 'request', 'reconnection', 'away', 'doubt'));
