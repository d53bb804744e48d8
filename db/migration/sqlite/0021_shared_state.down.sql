DROP TABLE setup;
DROP TABLE idempotent_requests;
DROP TABLE login_tries;
