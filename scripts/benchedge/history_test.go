package benchedge

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// questions has queries with each filter of the audit and of the history, some for rare or absent values.
var questions = map[string][]string{
	"audit": {
		"/v1/audit", "/v1/audit?user=u7", "/v1/audit?user=nobody", "/v1/audit?host=h3", "/v1/audit?action=login", "/v1/audit?outcome=failed",
		"/v1/audit?container=c7", "/v1/audit?container=abcdef77", "/v1/audit?user=u7&outcome=failed", "/v1/audit?host=h3&user=u4",
		"/v1/audit?since=2023-11-14T22:13:20Z&until=2023-11-14T22:15:00Z",
	},
	"history": {
		"/v1/events", "/v1/events?host=h3", "/v1/events?host=quiet", "/v1/events?type=network", "/v1/events?type=plugin", "/v1/events?action=die",
		"/v1/events?action=never", "/v1/events?container=c7", "/v1/events?unexpected=true", "/v1/events?host=h3&action=never",
		"/v1/events?type=container&host=h3&action=start&order=asc",
	},
}

// The time of one query on a large log, and the effect of a hundred callers of such queries on everybody else.
func TestHistoryIsCheap(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		events, rows := benchkit.Size(2_000, 300_000), benchkit.Size(5_000, 1_000_000)
		fillEvents(t, source, events, 0)
		fillAudit(t, source, rows)
		hosts := "DOCKER_HOSTS=quiet=unix:///nowhere.sock"
		for n := range 20 {
			hosts += fmt.Sprintf(",h%d=unix:///nowhere%d.sock", n, n)
		}
		s := wharf(t, source, hosts)
		for _, what := range []string{"audit", "history"} {
			worst, slowest := time.Duration(0), ""
			for _, path := range questions[what] {
				var took []time.Duration
				for range benchkit.Size(2, 15) {
					began := time.Now()
					a := s.Call("GET", path, s.Admin, nil)
					took = append(took, time.Since(began))
					require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
				}
				if p50 := percentile(took, 50); p50 > worst {
					worst, slowest = p50, path
				}
			}
			n, before := rows, "1.9 s at 200,000 rows; ≤ 20 ms at a million"
			if what == "history" {
				n, before = events, "0.7 s at 300,000 events"
			}
			benchkit.Figure(fmt.Sprintf("one page of the %s, each filter, %d rows, %s", what, n, name), before, "slowest median %.1f ms (%s)", ms(worst), slowest)
			if what == "audit" {
				defer benchkit.Within(t, worst <= 20*time.Millisecond, "a page of the audit takes too long") // after the other figures
			}
		}
		callers := benchkit.Size(8, 100)
		var tokens []string
		for i := range (callers + 3) / 4 { // each user may run four at a time
			tokens = append(tokens, s.Person(fmt.Sprint("reader", i), "admin"))
		}
		calm := s.calm(3 * time.Second)
		answered := 0
		var mu sync.Mutex
		p99, failed := s.beside(func() {
			var all sync.WaitGroup
			end := time.Now().Add(time.Duration(benchkit.Size(1, 15)) * time.Second)
			for i := range callers {
				all.Go(func() {
					for n := i; time.Now().Before(end); n++ {
						path := questions["history"][n%len(questions["history"])]
						a := s.Call("GET", path, tokens[i/4], nil)
						mu.Lock()
						answered++
						mu.Unlock()
						if a.Status != http.StatusOK && a.Status != http.StatusTooManyRequests {
							t.Errorf("%s: %d %s", path, a.Status, a.Body)
						}
					}
				})
			}
			all.Wait()
		})
		require.Zero(t, failed)
		ratio := float64(p99) / float64(calm)
		benchkit.Figure(fmt.Sprintf("%d callers of the history at once, %s", callers, name), "others at 3.5 s; their p99 ≤ 1.5×",
			"others' p99 %.1f ms beside them, %.1f ms without: %.2f×; %d answered", ms(p99), ms(calm), ratio, answered)
		defer benchkit.Within(t, ratio <= 1.5, "callers of the history slow everybody else")
	})
}
