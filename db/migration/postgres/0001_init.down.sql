DROP TABLE counters;
DROP TABLE tickets;
DROP TABLE sessions;
DROP TABLE users;
