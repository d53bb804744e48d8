DROP TABLE open_terminals;
