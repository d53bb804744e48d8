DROP INDEX audit_pending_idx;
ALTER TABLE audit DROP COLUMN server;
