DROP TABLE terminal_tickets;
ALTER TABLE grants DROP COLUMN exec;
