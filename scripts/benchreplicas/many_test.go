package benchreplicas

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// A thousand hosts with a hundred containers each, on one replica and on three.
func TestThousandHosts(t *testing.T) {
	benchkit.Parallel(t)
	hosts := benchkit.Size(40, 1000)
	f := newFleet(t, hosts, hosts/10, 100, "LOG_LEVEL=error")
	first := f.start()
	began := time.Now()
	f.awaitReaders(2 * time.Minute)
	read := time.Since(began)
	benchkit.Figure("1,000 hosts: start until it listens / until all are read", "≤ 2 s / –", "%.2f s / %.1f s (%d hosts)", first.Ready.Seconds(), read.Seconds(), hosts)
	rest(time.Duration(benchkit.Size(1, 15)) * time.Second)

	var took []time.Duration
	for range 5 {
		body, d := get(t, first.URL()+"/v1/containers?limit=1000")
		require.Equal(t, 1000, strings.Count(string(body), `"image":`), "a page of a thousand")
		took = append(took, d)
	}
	list := percentile(took, 0.5)
	benchkit.Figure("/v1/containers?limit=1000", "≤ 0.5 s", "%.2f s", list.Seconds())
	rest(time.Duration(benchkit.Size(1, 10)) * time.Second)
	resident, cpu := load(first)
	benchkit.Figure("one replica: resident, idle", "≤ 700 MiB, ≤ 10 % of a core", "%d MiB, %.1f %%", resident, cpu)
	benchkit.Within(t, first.Ready <= 2*time.Second && list <= 500*time.Millisecond && resident <= 700 && cpu <= 10, "a thousand hosts on one replica")

	first.Kill() // its memory would still contain what listing everything took
	f.replicas = nil
	for range 3 {
		f.start()
	}
	f.awaitReaders(3 * time.Minute)
	rest(time.Duration(benchkit.Size(1, 20)) * time.Second)
	worst, most := 0, 0.0
	for _, r := range f.replicas {
		resident, cpu := load(r)
		worst, most = max(worst, resident), max(most, cpu)
	}
	benchkit.Figure("the same on three: resident, idle, the worst of them", "≤ 300 MiB, ≤ 5 %", "%d MiB, %.1f %%", worst, most)
	benchkit.Within(t, worst <= 300 && most <= 5, "a thousand hosts on three replicas")
}

// load returns a replica's memory in MiB, and its CPU time in percent of a core.
func load(r *replica) (resident int, percent float64) {
	before, began := r.CPU(), time.Now()
	rest(time.Duration(benchkit.Size(1, 15)) * time.Second)
	return r.Resident("VmRSS") >> 20, 100 * (r.CPU() - before).Seconds() / time.Since(began).Seconds()
}
