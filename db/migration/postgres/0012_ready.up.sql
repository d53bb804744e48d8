-- /readyz raises it to see whether the database can be written.
INSERT INTO counters (name, value) VALUES ('ready', 0);
