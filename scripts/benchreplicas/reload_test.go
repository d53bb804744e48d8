package benchreplicas

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// poller is a client that lists a replica's hosts over and over.
type poller struct {
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	longest time.Duration
}

func poll(t testing.TB, r *replica) *poller {
	ctx, cancel := context.WithCancel(context.Background())
	p := &poller{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for ctx.Err() == nil {
			_, took := get(t, r.URL()+"/v1/hosts")
			p.mu.Lock()
			p.longest = max(p.longest, took)
			p.mu.Unlock()
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return p
}

// reset returns the longest time of an answer since the last call.
func (p *poller) reset() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest := p.longest
	p.longest = 0
	return longest
}

// A reload with a thousand hosts: ten are removed, ten are new, and all others get another label. The streams of these others and the
// clients aren't interrupted.
func TestReloadOfHosts(t *testing.T) {
	benchkit.Parallel(t)
	const changed = 10
	hosts := benchkit.Size(40, 1000)
	f := newFleet(t, hosts+changed, 0, 2)
	f.spare = changed
	f.start()
	f.start()
	f.awaitReaders(3 * time.Minute)
	var tallies []*tally
	var pollers []*poller
	var clients []*benchkit.Follower
	for _, r := range f.replicas {
		y := newTally()
		c := follow(r.URL()+"/events", nil, y.receive)
		t.Cleanup(c.Stop)
		await(t, "connected", time.Minute, func() bool { return c.Connected() > 0 })
		p := poll(t, r)
		t.Cleanup(func() { p.stop(); <-p.done })
		tallies, clients, pollers = append(tallies, y), append(clients, c), append(pollers, p)
	}
	flowing := flow(f, 2*time.Second)
	phase := time.Duration(benchkit.Size(3, 15)) * time.Second
	longest := func() (most time.Duration) {
		for _, p := range pollers {
			most = max(most, p.reset())
		}
		return most
	}
	rest(phase)
	_ = longest()
	rest(phase)
	before := longest()
	opens := make([]int, len(f.daemons))
	for n, d := range f.daemons {
		opens[n] = d.Opens()
	}

	began := time.Now()
	for _, r := range f.replicas {
		var entries []string
		for _, e := range r.entries[changed:] {
			entries = append(entries, strings.Replace(e, "}\n", ", labels: {site: north}}\n", 1))
		}
		r.writeHosts(t, entries)
	}
	for _, r := range f.replicas {
		await(t, "the hosts of the file", time.Minute, func() bool {
			body, _ := get(t, r.URL()+"/v1/hosts?label=site=north")
			return strings.Count(string(body), `"host":`) == hosts
		})
	}
	applied := time.Since(began)
	f.awaitReaders(time.Minute)
	read := time.Since(began)
	rest(phase)
	during := longest()
	flowing.end()

	for n, d := range f.daemons {
		switch {
		case n < changed:
			require.Zero(t, d.Streams(), "h%04d is gone", n)
		case n < hosts:
			require.Equal(t, opens[n], d.Opens(), "h%04d is read as before", n)
		default:
			require.Equal(t, 1, d.Streams(), "h%04d is read", n)
		}
	}
	stayed := &source{times: map[string][]time.Time{}}
	for n := changed; n < hosts; n++ {
		name := fmt.Sprintf("h%04d", n)
		stayed.times[name] = flowing.times[name]
	}
	for i, y := range tallies {
		await(t, "all events", time.Minute, func() bool { return y.complete(stayed) })
		missing, _, twice, disorder := y.verdict(stayed)
		require.Zero(t, missing+twice+disorder, "lost, twice, out of order")
		require.Equal(t, 1, clients[i].Connected(), "the client's stream went on")
	}
	benchkit.Figure(fmt.Sprintf("hosts.yaml of %d hosts rewritten, 10 gone, 10 come, all labels changed: until shown / all read, two replicas", hosts),
		"others undisturbed, 0 lost", "%.1f s / %.1f s; 0 lost, 0 streams reopened", applied.Seconds(), read.Seconds())
	benchkit.Figure("longest answer of /v1/hosts before / meanwhile", "+ ≤ 100 ms", "%.0f / %.0f ms", millis(before), millis(during))
	benchkit.Within(t, during <= before+100*time.Millisecond, "answers don't wait for a reload")
}
