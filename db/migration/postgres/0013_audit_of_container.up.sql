-- The actions on a container that may have caused an event: by their end, which for most is long before the event.
DROP INDEX audit_container_idx;
CREATE INDEX audit_container_idx ON audit (container_id, finished_at, at);
