-- open_terminals: terminals that a replica has open, by which the others know of them. beat rises as long as that replica
-- lives; ending asks it to end the terminal. On SQLite there is one process, and the table stays empty.
CREATE TABLE open_terminals (
  id             uuid PRIMARY KEY, -- its row's in audit
  replica        text NOT NULL,
  beat           bigint NOT NULL,
  user_id        uuid NOT NULL,
  username       text NOT NULL,
  address        text NOT NULL,
  since          timestamp NOT NULL,
  host           text NOT NULL,
  container_id   text NOT NULL,
  container_name text NOT NULL,
  command        text NOT NULL, -- its parts, as JSON
  tty            boolean NOT NULL,
  bytes_in       bigint NOT NULL,
  bytes_out      bigint NOT NULL,
  ending         boolean NOT NULL DEFAULT false
);
