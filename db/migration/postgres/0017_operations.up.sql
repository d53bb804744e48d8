-- bulk_operations: operations on many containers. server is the one that carries them out; request is what was asked for,
-- as JSON; cancel asks that server to begin no more.
CREATE TABLE bulk_operations (
  id          uuid PRIMARY KEY,
  at          timestamptz NOT NULL,
  user_id     uuid NOT NULL,
  username    text NOT NULL,
  server      text NOT NULL,
  operation   text NOT NULL,
  request     text NOT NULL,
  state       text NOT NULL, -- running, succeeded, failed, cancelled or interrupted
  cancel      boolean NOT NULL DEFAULT false,
  finished_at timestamptz
);
CREATE INDEX bulk_operations_at_idx ON bulk_operations (at);

-- bulk_targets: their containers. labels are the container's own, as JSON: they decide which users see it. ended counts up in the
-- order in which the containers ended; 0 for those that haven't.
CREATE TABLE bulk_targets (
  operation_id   uuid NOT NULL REFERENCES bulk_operations (id) ON DELETE CASCADE,
  position       integer NOT NULL,
  host           text NOT NULL,
  container_id   text NOT NULL,
  container_name text NOT NULL,
  labels         text NOT NULL,
  state          text NOT NULL, -- waiting, running, ok, failed, skipped or interrupted
  detail         text NOT NULL,
  changed        boolean NOT NULL,
  state_after    text NOT NULL,
  started_at     timestamptz,
  finished_at    timestamptz,
  ended          integer NOT NULL,
  PRIMARY KEY (operation_id, position)
);
CREATE INDEX bulk_targets_ended_idx ON bulk_targets (operation_id, ended);
