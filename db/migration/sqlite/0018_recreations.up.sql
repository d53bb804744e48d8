-- recreations: containers that are being replaced by new ones; a row goes when the new one has taken over or the old one is
-- back. server is the one that does it, and looks for its rows when it starts. step is the last that was begun; undoing
-- means that it and those before it are being undone. state is what has to be known for that, as JSON.
CREATE TABLE recreations (
  id             uuid PRIMARY KEY,
  at             timestamp NOT NULL,
  user_id        uuid NOT NULL,
  username       text NOT NULL,
  server         text NOT NULL,
  host           text NOT NULL,
  container_id   text NOT NULL,
  container_name text NOT NULL,
  step           text NOT NULL,
  undoing        boolean NOT NULL,
  state          text NOT NULL,
  CONSTRAINT recreations_container_key UNIQUE (host, container_name)
);
