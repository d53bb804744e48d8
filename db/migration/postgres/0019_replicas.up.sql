-- replicas: the processes that serve this database together. A process raises its beat as long as it lives; fleet is a hash
-- of the hosts in its settings. On SQLite there is one process, and the tables here stay empty.
CREATE TABLE replicas (
  id     text PRIMARY KEY, -- another one at each start
  server text NOT NULL, -- the same over restarts
  beat   bigint NOT NULL,
  fleet  bigint NOT NULL
);

-- host_leases: which replica reads a host's events; '' for none. The epoch rises whenever the owner changes: an append to
-- the event log names the epoch in which its events were read, and is refused in any other.
CREATE TABLE host_leases (
  host  text PRIMARY KEY,
  owner text NOT NULL,
  epoch bigint NOT NULL
);

-- host_status: how each host is, as its owner found it: JSON. version says which rows are new.
CREATE TABLE host_status (
  host    text PRIMARY KEY,
  status  text NOT NULL,
  version bigint NOT NULL
);
CREATE INDEX host_status_version_idx ON host_status (version);

-- leases counts the changes of host_leases and of the set of replicas, status those of host_status.
INSERT INTO counters (name, value) VALUES ('leases', 0), ('status', 0);
