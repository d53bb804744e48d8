-- server names the wharf that writes a row: at its next start it ends what it left pending.
ALTER TABLE audit ADD COLUMN server text NOT NULL DEFAULT '';
CREATE INDEX audit_pending_idx ON audit (server) WHERE finished_at IS NULL;
