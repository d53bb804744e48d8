package benchedge

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// soakFor returns how long the soak lasts: SOAK, or a few seconds whose results aren't judged.
func soakFor(t *testing.T) (d time.Duration, judged bool) {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		return 5 * time.Second, false
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err, "SOAK")
	return d, true
}

// reading is the resources that a process holds at one moment.
type reading struct {
	at                      time.Duration
	goroutines, descriptors int
	resident, database      float64 // MiB
}

// Containers come and go, users log in and out, streams open and close, and the history is queried, all the time. The process's
// goroutines and descriptors stay flat; its memory and its database reach a plateau.
func TestSoak(t *testing.T) {
	benchkit.Parallel(t)
	lasts, judged := soakFor(t)
	var both sync.WaitGroup
	for name, source := range map[string]string{"SQLite": dbtest.SQLiteSource(t), "Postgres": dbtest.PostgresSource(t)} {
		d := dockertest.NewDaemon(t)
		p := benchkit.Dumping(t, "DB_SOURCE="+source, "DOCKER_HOSTS=h="+d.Addr(), "ALLOW_PLAIN_TCP=true", "REFRESH_ROTATION=true", "EVENTS_MAX=5000", "AUDIT_MAX=2000")
		transport := &http.Transport{MaxIdleConnsPerHost: 50}
		s := adopt(t, p, transport)
		both.Go(func() { soak(t, name, source, s, d, lasts, judged, transport.CloseIdleConnections) })
	}
	both.Wait()
}

func soak(t *testing.T, name, source string, s *server, d *dockertest.Daemon, lasts time.Duration, judged bool, idle func()) {
	quiet := s.read(t, source, 0)
	ctx, cancel := context.WithTimeout(context.Background(), lasts)
	defer cancel()
	churn := s.churn(ctx, d)
	var all []reading
	began := time.Now()
	for tick := time.NewTicker(max(lasts/60, time.Second)); ctx.Err() == nil; {
		select {
		case <-tick.C:
			all = append(all, s.read(t, source, time.Since(began)))
		case <-ctx.Done():
			tick.Stop()
		}
	}
	churn.Wait()
	idle()
	after := s.read(t, source, lasts)
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && (after.goroutines > quiet.goroutines+10 || after.descriptors > quiet.descriptors+10); {
		time.Sleep(time.Second)
		after = s.read(t, source, lasts)
	}
	second, last := quarter(all, 1), quarter(all, 3)
	what := fmt.Sprintf("%s of churn, %s: ", lasts, name)
	benchkit.Figure(what+"goroutines, descriptors", "flat", "%d and %d at the start, %d and %d under churn, %d and %d after it",
		quiet.goroutines, quiet.descriptors, last.goroutines, last.descriptors, after.goroutines, after.descriptors)
	benchkit.Figure(what+"memory, database", "a plateau, bounded", "%.0f MiB and %.1f MiB in the second quarter, %.0f MiB and %.1f MiB in the last",
		second.resident, second.database, last.resident, last.database)
	if judged {
		require.LessOrEqual(t, after.goroutines, quiet.goroutines+20, "goroutines stay")
		require.LessOrEqual(t, after.descriptors, quiet.descriptors+20, "descriptors stay")
		require.LessOrEqual(t, last.resident, 1.2*second.resident+20, "memory grows")
		require.LessOrEqual(t, last.database, 1.3*second.database+10, "the database grows")
	}
}

func (s *server) read(t *testing.T, source string, at time.Duration) reading {
	return reading{
		at: at, goroutines: strings.Count(s.Goroutines(), "goroutine "), descriptors: s.Descriptors(),
		resident: float64(s.Resident("VmRSS")) / mib, database: float64(dbtest.Size(t, source)) / mib,
	}
}

// quarter returns the median of each figure in the nth quarter of the readings.
func quarter(all []reading, n int) (r reading) {
	part := all[len(all)*n/4 : max(len(all)*(n+1)/4, 1)]
	if len(part) == 0 {
		return reading{}
	}
	var goroutines, descriptors, resident, database []time.Duration
	for _, x := range part {
		goroutines, descriptors = append(goroutines, time.Duration(x.goroutines)), append(descriptors, time.Duration(x.descriptors))
		resident, database = append(resident, time.Duration(x.resident*1000)), append(database, time.Duration(x.database*1000))
	}
	return reading{
		goroutines: int(percentile(goroutines, 50)), descriptors: int(percentile(descriptors, 50)),
		resident: float64(percentile(resident, 50)) / 1000, database: float64(percentile(database, 50)) / 1000,
	}
}

// churn starts the load, which runs until ctx ends.
func (s *server) churn(ctx context.Context, d *dockertest.Daemon) *sync.WaitGroup {
	var all sync.WaitGroup
	loop := func(every time.Duration, f func(n int)) {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				f(n)
				select {
				case <-time.After(every):
				case <-ctx.Done():
				}
			}
		})
	}
	viewer := s.Person("viewer", "viewer")
	loop(50*time.Millisecond, func(n int) { // containers
		id := d.Add(dockertest.Container{Name: fmt.Sprint("c", n)})
		d.SetState(id, "exited")
		d.Remove(id)
	})
	loop(100*time.Millisecond, func(int) { // sessions
		l := s.Login("viewer")
		s.Call("POST", "/token/renew_access", "", map[string]string{"refresh_token": l.RefreshToken})
		s.Call("POST", "/logout", "", map[string]string{"refresh_token": l.RefreshToken})
	})
	for i := range 10 { // streams
		path := []string{"/events", "/v1/hosts/h/stats", "/events?type=container"}[i%3]
		loop(10*time.Millisecond, func(int) { s.stream(ctx, path, time.Duration(rand.IntN(2000))*time.Millisecond) })
	}
	loop(100*time.Millisecond, func(n int) { // the history, the lists, and refused requests
		path := []string{"/v1/events?limit=200", "/v1/audit", "/ps2/h", "/v1/containers", "/stat3/h"}[n%5]
		s.Call("GET", path, s.Admin, nil)
		s.Call("GET", "/v1/users", viewer, nil)
	})
	return &all
}

// stream reads a stream for a limited time.
func (s *server) stream(ctx context.Context, path string, while time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+path, http.NoBody)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Admin)
	r.Header.Set("Accept", "text/event-stream")
	resp, err := s.Do(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
}
