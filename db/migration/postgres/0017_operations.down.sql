DROP TABLE bulk_targets;
DROP TABLE bulk_operations;
