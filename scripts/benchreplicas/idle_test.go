package benchreplicas

import (
	"fmt"
	"os"
	"testing"
	"time"

	"wharf/scripts/benchkit"
)

// Three replicas cost the engines no more than one, and Postgres next to nothing.
func TestIdle(t *testing.T) {
	benchkit.Parallel(t)
	hosts := benchkit.Size(10, 50)
	_, _ = fmt.Sscan(os.Getenv("HOSTS"), &hosts)
	f := newFleet(t, hosts, 0, 5)
	f.start()
	f.awaitReaders(3 * time.Minute)
	await(t, "a quiet fleet", time.Minute, func() bool { return f.connections() <= 2*len(f.daemons) })
	rest(time.Duration(benchkit.Size(1, 15)) * time.Second)
	oneStreams, _ := f.streams()
	oneConns := f.connections()

	f.start()
	f.start()
	f.awaitReaders(3 * time.Minute)
	rest(time.Duration(benchkit.Size(1, 15)) * time.Second)
	streams, most := f.streams()
	conns := f.connections()
	benchkit.Figure("event streams, 1 → 3 replicas, idle", "as many", "%d → %d, at most %d at one engine", oneStreams, streams, most)
	benchkit.Figure("engine connections, 1 → 3 replicas, idle", "as many (+1 while handing over)", "%d → %d", oneConns, conns)
	benchkit.Within(t, streams == oneStreams && most == 1 && conns <= oneConns+1, "engines have no more to do for three replicas")

	rate := f.transactions(time.Duration(benchkit.Size(3, 40)) * time.Second)
	benchkit.Figure("Postgres transactions/s, 3 replicas, quiet hosts", "≤ 3", "%.2f with %d hosts", rate, len(f.daemons))
	for _, r := range f.replicas {
		get(t, r.URL()+"/v1/stats")
	}
	await(t, "each says what it samples", time.Minute, func() bool { return f.number("SELECT count(*) FROM replicas WHERE sampled <> ''") == 3 })
	named := f.number("SELECT max(length(sampled)) FROM replicas")
	sampling := f.transactions(time.Duration(benchkit.Size(3, 15)) * time.Second) // STATS_IDLE is 30 s
	benchkit.Figure("… while each of them samples every host", "≤ 3", "%.2f; %d bytes of names each", sampling, named)
	benchkit.Within(t, rate <= 3 && sampling <= 3, "transactions per second")
}

// transactions returns Postgres' transactions per second over a time.
func (f *fleet) transactions(length time.Duration) float64 {
	count := func() int64 {
		return f.number("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
	}
	before, began := count(), time.Now()
	rest(length)
	return float64(count()-before) / time.Since(began).Seconds()
}
