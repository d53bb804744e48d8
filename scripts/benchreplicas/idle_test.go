package benchreplicas

import (
	"testing"
	"time"

	"wharf/scripts/benchkit"
)

// Three replicas cost the engines what one does, and Postgres next to nothing.
func TestIdle(t *testing.T) {
	f := newFleet(t, benchkit.Size(10, 50), 0, 5)
	f.start()
	f.awaitReaders(time.Minute)
	await(t, "a quiet fleet", time.Minute, func() bool { return f.connections() <= 2*len(f.daemons) })
	rest(time.Duration(benchkit.Size(1, 15)) * time.Second)
	oneStreams, _ := f.streams()
	oneConns := f.connections()

	f.start()
	f.start()
	f.awaitReaders(time.Minute)
	rest(time.Duration(benchkit.Size(1, 15)) * time.Second)
	streams, most := f.streams()
	conns := f.connections()
	benchkit.Figure("event streams, 1 → 3 replicas, idle", "as many", "%d → %d, at most %d at one engine", oneStreams, streams, most)
	benchkit.Figure("engine connections, 1 → 3 replicas, idle", "as many (+1 while handing over)", "%d → %d", oneConns, conns)
	benchkit.Within(t, streams == oneStreams && most == 1 && conns <= oneConns+1, "engines have no more to do for three replicas")

	count := func() int64 {
		return f.number("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
	}
	length := time.Duration(benchkit.Size(3, 40)) * time.Second
	before, began := count(), time.Now()
	rest(length)
	rate := float64(count()-before) / time.Since(began).Seconds()
	benchkit.Figure("Postgres transactions/s, 3 replicas, quiet hosts", "≤ 3", "%.2f with %d hosts", rate, len(f.daemons))
	benchkit.Within(t, rate <= 3, "transactions per second")
}
