package benchaccess

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

const callersAtOnce = 8

// load measures requests to one server over kept connections.
type load struct {
	server *benchkit.Server
	token  string
	took   []time.Duration // of each request
	spent  time.Duration   // by all of them together, in wall time
}

// run runs callers in parallel, each of which lists the hosts that many times.
func (l *load) run(t *testing.T, callers, requests int) {
	t.Helper()
	took := make([][]time.Duration, callers)
	var all sync.WaitGroup
	began := time.Now()
	for i := range callers {
		all.Go(func() {
			for range requests {
				began := time.Now()
				a := l.server.Call("GET", "/hosts", l.token, nil)
				took[i] = append(took[i], time.Since(began))
				if a.Status != http.StatusOK {
					t.Errorf("%d %s", a.Status, a.Body)
					return
				}
			}
		})
	}
	all.Wait()
	l.spent += time.Since(began)
	l.took = append(l.took, slices.Concat(took...)...)
}

func (l *load) perSecond() float64 { return float64(len(l.took)) / l.spent.Seconds() }

// The cost of the session check: a server that requires a login against one that doesn't, in turns.
func TestSessionCheckCost(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, setting string) {
		required := wharf(t, setting).Bootstrap()
		open := wharf(t, "AUTH_MODE=open", "DB_SOURCE=")
		for _, c := range []struct {
			what    string
			callers int
		}{{"one caller", 1}, {"8 callers", callersAtOnce}} {
			without, with := &load{server: open}, &load{server: required, token: required.Admin}
			for range benchkit.Size(2, 60) {
				turn := []*load{without, with}
				rand.Shuffle(2, func(i, j int) { turn[i], turn[j] = turn[j], turn[i] })
				for _, l := range turn {
					l.run(t, c.callers, 800/c.callers)
				}
			}
			require.False(t, t.Failed())
			p50, rate := ratio(median(with.took), median(without.took)), without.perSecond()/with.perSecond()
			benchkit.Figure("session check, "+name+", "+c.what+": GET /hosts with a token against open mode", "≤ 1.5×",
				"p50 %.2f× (%.3f / %.3f ms), throughput %.2f× less (%.0f / %.0f a second)",
				p50, ms(median(with.took)), ms(median(without.took)), rate, with.perSecond(), without.perSecond())
			benchkit.Within(t, p50 <= 1.5 && rate <= 1.5, "the session check costs too much")
		}
	})
}
