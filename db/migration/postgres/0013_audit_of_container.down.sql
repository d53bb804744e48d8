DROP INDEX audit_container_idx;
CREATE INDEX audit_container_idx ON audit (container_id, at);
