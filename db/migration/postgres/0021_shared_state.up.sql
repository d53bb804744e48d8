-- login_tries: failed logins, and logins under way, by address and by user; key is a keyed hash of these. Times are
-- microseconds since 1970. due is when a user may try again, and of an address when its bucket is full again. pending are tries
-- whose password is being checked; they count until pending_until, for those of a server that died.
CREATE TABLE login_tries (
  key           text PRIMARY KEY,
  failures      bigint NOT NULL,
  due           bigint NOT NULL,
  pending       bigint NOT NULL,
  pending_until bigint NOT NULL,
  expires       bigint NOT NULL
);
CREATE INDEX login_tries_expires_idx ON login_tries (expires);

-- idempotent_requests: requests with an Idempotency-Key, by the user and the key. request is the method and URL, sent the body's
-- hash. answer is null while the first request is under way, which its server says again and again by moving running_until.
CREATE TABLE idempotent_requests (
  caller        text NOT NULL,
  key           text NOT NULL,
  request       text NOT NULL,
  sent          text NOT NULL,
  answer        text,
  running_until timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  PRIMARY KEY (caller, key)
);
CREATE INDEX idempotent_requests_expires_idx ON idempotent_requests (expires_at);

-- setup: the token that makes the first user, until there is one.
CREATE TABLE setup (
  one   integer PRIMARY KEY CHECK (one = 1),
  token text NOT NULL
);
