DELETE FROM counters WHERE name IN ('leases', 'status');
DROP TABLE host_status;
DROP TABLE host_leases;
DROP TABLE replicas;
