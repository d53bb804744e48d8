package benchlogs

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestReading(t *testing.T) {
	benchkit.Parallel(t)
	e := dockertest.DefaultEngine(t)
	w := wharf(t, e.Name+"="+e.Addr)
	engine := engineHTTP(e)
	self, err := os.Executable()
	require.NoError(t, err)
	proxy := benchkit.Run(t, self, func(p *benchkit.Process) []string {
		return []string{"PLAIN_PROXY=" + p.Addr, "PLAIN_LOGS_SOURCE=" + strings.TrimPrefix(e.Addr, "unix://")}
	})
	for _, driver := range []string{"json-file", "local"} {
		id, base, lines := full(t, w, e, driver)
		firstLine(t, driver, func() time.Duration {
			first, _, _ := rawLogs(t, engine, id, "tail=500", 1)
			return first
		}, func() time.Duration {
			first, _, _ := get(t, base+"?tail=500&download=true&follow=true", "text/plain", 1)
			return first
		}, func() time.Duration {
			first, _, _ := get(t, proxy.URL()+"/containers/"+id+"/logs?stdout=1&stderr=1&timestamps=1&tail=500", "text/plain", 1)
			return first
		})
		for _, back := range []int{1_000, min(100_000, lines/2)} {
			resumeAt(t, base, driver, back, func(at time.Time) time.Duration {
				first, _, _ := rawLogs(t, engine, id, fmt.Sprintf("since=%d.%09d", at.Unix(), at.Nanosecond()), 1)
				return first
			})
		}
		var raw, served int64
		var rawTime, servedTime time.Duration
		for range benchkit.Size(1, 3) { // in turns, so that other work on the machine slows both
			_, whole, size := rawLogs(t, engine, id, "tail=all", 0)
			raw, rawTime = raw+size, rawTime+whole
			_, whole, size = get(t, base+"?download=true&timestamps=true", "text/plain", 0)
			served, servedTime = served+size, servedTime+whole
		}
		_ = served
		ratio := rawTime.Seconds() / servedTime.Seconds()
		benchkit.Figure(fmt.Sprintf("download of %d lines, %s", lines, driver), "≥ 0.9× the engine's raw stream", "%.2f× (%.0f MB, %.1f s; the engine's own %.1f s)",
			ratio, float64(raw)/1e6, servedTime.Seconds(), rawTime.Seconds())
	}
}

// firstLine measures the engine, wharf and a reverse proxy that does nothing, in turns: the proxy shows the cost of one more process
// in the path. Between two requests it pauses, so that an answer that isn't read to its end can be cancelled.
func firstLine(t *testing.T, driver string, engine, wharf, proxy func() time.Duration) {
	t.Helper()
	const ending = 5 * time.Millisecond
	n := benchkit.Size(5, 101)
	ask := []func() time.Duration{engine, wharf, proxy}
	took := make([][]time.Duration, len(ask))
	for range n {
		for i, f := range ask {
			time.Sleep(ending)
			took[i] = append(took[i], f())
		}
	}
	p50 := make([]time.Duration, len(ask))
	for i := range took {
		slices.Sort(took[i])
		p50[i] = took[i][n/2]
	}
	direct := p50[0].Seconds()
	benchkit.Figure("first line with tail=500, "+driver, "≤ 30 ms; ≤ 1.5× the engine's own", "%s; %.2f× (the engine's own %s; through a proxy that does nothing %.2f×)",
		ms(p50[1]), p50[1].Seconds()/direct, ms(p50[0]), p50[2].Seconds()/direct)
}

func resumeAt(t *testing.T, base, driver string, back int, since func(time.Time) time.Duration) {
	t.Helper()
	// Page back to the cursor before the last `back` lines, where a viewer would resume.
	cursor, at := "", time.Time{}
	for left := back; left > 0; {
		n := min(left, 10_000)
		query := fmt.Sprintf("?limit=%d&tail=%d", n, n)
		if cursor != "" {
			query = fmt.Sprintf("?limit=%d&cursor=%s", n, cursor)
		}
		lines, prev, _ := page(t, base+query)
		cursor, at, left = prev, lines[0].At, left-n
	}
	n := benchkit.Size(1, 7)
	seen := median(n, func() time.Duration {
		first, _, _ := get(t, base+"?follow=true&download=true", "text/plain", 1, "Last-Event-ID", cursor[1:])
		return first
	})
	engine := median(min(n, 3), func() time.Duration { return since(at) })
	must := "≤ 50 ms"
	if back > 1_000 {
		must = "≤ 1.5 s"
	}
	benchkit.Figure(fmt.Sprintf("resume %d lines back, %s", back, driver), must, "%s (since= of the engine %s)", ms(seen), ms(engine))
}

// plainProxy forwards everything to the engine: Go's reverse proxy, which flushes immediately.
func plainProxy(addr string) {
	path := os.Getenv("PLAIN_LOGS_SOURCE")
	panic(http.ListenAndServe(addr, &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine" },
		FlushInterval: -1,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}},
	}))
}
