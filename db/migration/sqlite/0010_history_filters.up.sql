-- verb is an action without what follows its colon ("exec_start: sh"), by which the history is asked for.
ALTER TABLE events ADD COLUMN verb text NOT NULL GENERATED ALWAYS AS (substr(action, 1, instr(action || ':', ':') - 1)) VIRTUAL;
CREATE INDEX events_verb_idx ON events (verb, time_nano, id);
CREATE INDEX events_host_idx ON events (host, time_nano, id);
CREATE INDEX events_time_idx ON events (time_nano, id);
-- These had no id at their end: events of one time were sorted.
DROP INDEX events_actor_id_idx;
CREATE INDEX events_actor_id_idx ON events (actor_id, time_nano, id);
DROP INDEX events_actor_name_idx;
CREATE INDEX events_actor_name_idx ON events (actor_name, time_nano, id);
DROP INDEX events_type_idx;
CREATE INDEX events_type_idx ON events (type, time_nano, id) WHERE type <> 'container';
