-- users: username and email as written, and folded (lower case, done in Go) for uniqueness.
CREATE TABLE users (
  id                  text PRIMARY KEY,
  username            text NOT NULL,
  username_folded     text NOT NULL CONSTRAINT users_username_key UNIQUE,
  full_name           text NOT NULL,
  email               text NOT NULL,
  email_folded        text NOT NULL CONSTRAINT users_email_key UNIQUE,
  password_hash       text NOT NULL,
  role                text NOT NULL,
  disabled            boolean NOT NULL,
  -- rights counts changes of role, grants and state: an open stream whose count is old ends.
  rights              integer NOT NULL,
  password_changed_at timestamp NOT NULL,
  last_login_at       timestamp,
  created_at          timestamp NOT NULL
);

CREATE TABLE sessions (
  id           text PRIMARY KEY,
  user_id      text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  refresh_hash text NOT NULL,
  user_agent   text NOT NULL,
  client_addr  text NOT NULL,
  blocked      boolean NOT NULL,
  created_at   timestamp NOT NULL,
  last_used_at timestamp NOT NULL,
  expires_at   timestamp NOT NULL
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- tickets: let an EventSource in, which can't send headers. hash is SHA-256, hex.
CREATE TABLE tickets (
  hash       text PRIMARY KEY,
  session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  expires_at timestamp NOT NULL
);
CREATE INDEX tickets_session_id_idx ON tickets (session_id);
CREATE INDEX tickets_expires_at_idx ON tickets (expires_at);

-- counters: 'revocations' is raised by whatever takes rights away, in the same transaction;
-- 'users' is raised first by what must not run beside another change of users.
CREATE TABLE counters (
  name  text PRIMARY KEY,
  value integer NOT NULL
);
INSERT INTO counters (name, value) VALUES ('revocations', 0), ('users', 0);
