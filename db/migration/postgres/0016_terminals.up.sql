-- exec: the grant lets its user open terminals in the containers that it names, whatever its role.
ALTER TABLE grants ADD COLUMN exec boolean NOT NULL DEFAULT false;

-- terminal_tickets: what opens one terminal once, in place of the session or API key that it was given to. hash is
-- SHA-256, hex; request is what was asked for, as JSON.
CREATE TABLE terminal_tickets (
  hash       text PRIMARY KEY,
  holder     uuid NOT NULL, -- a session or an API key
  request    text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX terminal_tickets_expires_at_idx ON terminal_tickets (expires_at);
