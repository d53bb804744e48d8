DROP INDEX audit_finished_idx;
DROP INDEX audit_container_idx;
CREATE INDEX audit_container_idx ON audit (container_id, at);
