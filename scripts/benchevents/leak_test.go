package benchevents

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// dumping starts a wharf that dumps its goroutines on request.
func dumping(t *testing.T, hosts string) *server {
	t.Helper()
	return &server{benchkit.Dumping(t, open(hosts)...), t}
}

// goroutines counts the process's goroutines by the function they run and the one that started them.
func (s *server) goroutines() map[string]int {
	s.t.Helper()
	counts := make(map[string]int)
	for stack := range strings.SplitSeq(strings.TrimSpace(s.Goroutines()), "\n\n") {
		counts[origin(stack)]++
	}
	return counts
}

// origin returns the function that a goroutine began with, and the function that started it.
func origin(stack string) string {
	began, by := "", "the runtime"
	for line := range strings.Lines(stack) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "created by "); ok {
			by, _, _ = strings.Cut(name, " in goroutine")
		} else if open := strings.LastIndex(line, "("); open > 0 && !strings.HasPrefix(line, "goroutine ") && !strings.HasPrefix(line, "/") {
			began = line[:open]
		}
	}
	return began + " by " + by
}

// files counts the process's descriptors by what they refer to: connections and the like by their kind.
func (s *server) files() map[string]int {
	dir := fmt.Sprintf("/proc/%d/fd", s.PID())
	entries, err := os.ReadDir(dir)
	require.NoError(s.t, err)
	counts := make(map[string]int)
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			kind, _, _ := strings.Cut(target, ":[")
			counts[kind]++
		}
	}
	return counts
}

// holds counts the process's goroutines and descriptors, without those of its two connection pools, to the daemon and to the
// database: these vary with wharf's own work, regardless of clients.
func (s *server) holds() map[string]int {
	all := s.goroutines()
	conns := all["net/http.(*persistConn).readLoop by net/http.(*Transport).dialConn"]
	maps.DeleteFunc(all, func(name string, _ int) bool {
		return strings.HasPrefix(name, "net/http.(*persistConn).") || strings.HasPrefix(name, "database/sql.(*DB).connectionCleaner ")
	})
	for kind, n := range s.files() {
		switch {
		case kind == "socket":
			all["descriptor: socket"] = n - conns
		case !strings.HasPrefix(filepath.Base(kind), "wharf.db"):
			all["descriptor: "+kind] = n
		}
	}
	return all
}

// more lists the entries whose counts differ.
func more(before, now map[string]int) []string {
	both := make(map[string]int)
	maps.Copy(both, before)
	maps.Copy(both, now)
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if d := now[name] - before[name]; d != 0 {
			out = append(out, fmt.Sprintf("%+d %s", d, name))
		}
	}
	return out
}

// A process must have the same goroutines and descriptors as before.
func TestConnectsLeaveNothingBehind(t *testing.T) {
	benchkit.Parallel(t)
	d := dockertest.NewDaemon(t)
	w := dumping(t, "h="+d.Addr())
	w.awaitHost("h")
	http.DefaultClient.CloseIdleConnections()
	unused, _ := afterRest(w, nil)
	connectAndLeave(t, w.Addr, 200)
	before, _ := afterRest(w, nil)
	kept := "nothing"
	if first := more(unused, before); len(first) > 0 {
		kept = strings.Join(first, ", ")
	}
	n := benchkit.Size(500, 10_000)
	connectAndLeave(t, w.Addr, n)
	_, grown := afterRest(w, before)
	seen := "goroutines ±0, descriptors ±0"
	if len(grown) > 0 {
		seen = strings.Join(grown, ", ")
	}
	benchkit.Figure(fmt.Sprintf("%d connects and disconnects", n), "goroutines and file descriptors ±0",
		"%s, in one process before and after (the first 200 leave, once: %s)", seen, kept)
	require.Empty(t, grown)

	conn := hello(t, w.Addr)
	defer conn.Close()
	require.NotEmpty(t, more(before, w.holds()), "a stream that is open is seen")
}

// afterRest waits until the process holds the same as before or, if it doesn't get there, until its counts are stable for a second.
// It returns the counts and the differences from before.
func afterRest(w *server, before map[string]int) (now map[string]int, grown []string) {
	began := time.Now()
	for same := 0; same < 10 && time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		last := now
		if now = w.holds(); before != nil {
			if grown = more(before, now); len(grown) == 0 {
				return now, grown
			}
		}
		if same++; len(more(last, now)) > 0 {
			same = 0
		}
	}
	return now, grown
}

// connectAndLeave opens n streams, 50 at a time, reads the beginning of each, and disconnects.
func connectAndLeave(t *testing.T, addr string, n int) {
	t.Helper()
	for done := 0; done < n; done += 50 {
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if conn := hello(t, addr); conn != nil {
					_ = conn.Close()
				}
			})
		}
		group.Wait()
	}
}

// hello opens a stream and reads its beginning.
func hello(t *testing.T, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	if !assert.NoError(t, err) {
		return nil
	}
	_, err = fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	assert.NoError(t, err)
	answer := make([]byte, 4096)
	n, err := io.ReadAtLeast(conn, answer, 100)
	assert.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(answer[:n]), "HTTP/1.1 200"), string(answer[:n]))
	return conn
}
