-- What isn't about containers is rare, and asked for by its type: gaps by every question to the history.
CREATE INDEX events_type_idx ON events (type, time_nano) WHERE type <> 'container';
