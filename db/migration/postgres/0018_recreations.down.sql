DROP TABLE recreations;
