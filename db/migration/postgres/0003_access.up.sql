-- grants: what a user may do beyond its own role, on the hosts and containers that it names.
CREATE TABLE grants (
  id         uuid PRIMARY KEY,
  user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hosts      text NOT NULL, -- a pattern such as prod-*
  labels     text NOT NULL, -- a selector such as team=web, or empty
  role       text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX grants_user_id_idx ON grants (user_id);

-- api_keys: what a machine sends instead of an access token. hash is SHA-256, hex.
CREATE TABLE api_keys (
  id           uuid PRIMARY KEY,
  user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name         text NOT NULL,
  hash         text NOT NULL,
  role         text NOT NULL, -- at most this one of its user's rights
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  last_used_at timestamptz
);
CREATE INDEX api_keys_user_id_idx ON api_keys (user_id);

-- refresh_tokens: those of a session that were made by rotation, and the ones they replaced.
CREATE TABLE refresh_tokens (
  hash        text PRIMARY KEY,
  session_id  uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  replaced_at timestamptz
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

-- audit: users' actions. A row is written before the action, with the outcome 'pending', and
-- completed after it. It outlives its user: no reference. id is a UUID of version 7, so its
-- order is that of time.
CREATE TABLE audit (
  id             uuid PRIMARY KEY,
  at             timestamptz NOT NULL,
  user_id        uuid NOT NULL,
  username       text NOT NULL,
  client_addr    text NOT NULL,
  request_id     text NOT NULL,
  action         text NOT NULL,
  host           text NOT NULL,
  container_id   text NOT NULL,
  container_name text NOT NULL,
  target         text NOT NULL, -- a user, grant, session or key
  outcome        text NOT NULL,
  detail         text NOT NULL,
  finished_at    timestamptz
);
CREATE INDEX audit_at_idx ON audit (at);
CREATE INDEX audit_username_idx ON audit (username, id);
CREATE INDEX audit_container_idx ON audit (container_id, at);
