// Package benchreplicas measures several replicas on one Postgres: their readers, transactions, faults, latency, a thousand hosts,
// and the event log's throughput. `make bench-replicas` prints the table. Run as tests, the same measurements are smaller and check
// only what doesn't depend on the machine.
package benchreplicas
