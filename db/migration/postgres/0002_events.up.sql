-- events: what happened on every host, in the order in which clients get it.
CREATE TABLE events (
  id         bigint PRIMARY KEY, -- given by event_log: rises in commit order
  host       text NOT NULL,
  kind       integer NOT NULL, -- events.Kind
  type       text NOT NULL,
  action     text NOT NULL,
  actor_id   text NOT NULL,
  actor_name text NOT NULL,
  time_nano  bigint NOT NULL, -- the daemon's clock
  attrs      text NOT NULL, -- JSON object
  from_nano  bigint NOT NULL, -- gaps alone, else 0
  to_nano    bigint NOT NULL,
  reason     text NOT NULL,
  -- key is events.Event.Key: a hash of time, type, action, actor and attributes, so that an
  -- event which two readers report, or one reader twice, is stored once.
  key        bigint NOT NULL,
  logged_at  timestamptz NOT NULL,
  CONSTRAINT events_once_key UNIQUE (time_nano, host, key)
);
CREATE INDEX events_actor_id_idx ON events (actor_id, time_nano);
CREATE INDEX events_actor_name_idx ON events (actor_name, time_nano);

-- event_log has one row. An append raises last_id first and holds the row's lock until the
-- commit: so ids rise in commit order, also with several writers.
CREATE TABLE event_log (
  one        integer PRIMARY KEY,
  last_id    bigint NOT NULL,
  trimmed_id bigint NOT NULL -- the highest id that retention has deleted
);
INSERT INTO event_log (one, last_id, trimmed_id) VALUES (1, 0, 0);

-- event_containers: the state of each container that exists, as its events imply it.
CREATE TABLE event_containers (
  host  text NOT NULL,
  id    text NOT NULL,
  name  text NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (host, id)
);

-- event_hosts: where the reading of each host stands, whatever retention deletes.
CREATE TABLE event_hosts (
  host      text PRIMARY KEY,
  anchor    text NOT NULL, -- JSON of the latest event of its daemon, '' if there was none
  seen_nano bigint NOT NULL -- the time of the host's latest record
);
