-- The actions on a container that may have caused an event: by their end, which for most is long before the event. And the
-- containers with any such action.
DROP INDEX audit_container_idx;
CREATE INDEX audit_container_idx ON audit (container_id, finished_at, at);
CREATE INDEX audit_finished_idx ON audit (finished_at, container_id) WHERE container_id <> '';
