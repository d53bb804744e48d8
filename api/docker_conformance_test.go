package api_test

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api"
)

// dockerStreams are the streams of Docker's API that the kit serves. Hijacked terminals and calls forwarded by the raw tier aren't
// among them.
var dockerStreams = map[string]streamRoute{
	"GET /docker/{host}/events":                {path: "/docker/a/events", emit: streamRoutes["GET /events"].emit, read: readJSONLine},
	"GET /docker/{host}/containers/{id}/stats": {path: "/docker/a/containers/web/stats", read: readJSONLine},
	"GET /docker/{host}/containers/{id}/logs": {
		path: "/docker/a/containers/web/logs?follow=1&stdout=1&tail=0",
		read: func(t testing.TB, r *bufio.Reader) {
			_, line, err := dockerFrame(r)
			require.NoError(t, err)
			require.Contains(t, line, "xxx")
		},
	},
}

// readJSONLine reads a JSON value. It skips heartbeats, which are empty lines.
func readJSONLine(t testing.TB, r *bufio.Reader) {
	for {
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		if strings.TrimSpace(line) != "" {
			require.True(t, strings.HasSuffix(strings.TrimSpace(line), "}"), "%.100s", line)
			return
		}
	}
}

// wharfsAlone are the cases that don't apply to Docker's streams: their format doesn't depend on Accept, unknown parameters are
// ignored as engines do, and tickets aren't accepted. TestDockerStreamsEndAndCount covers their caps.
var wharfsAlone = map[string]bool{
	"HTTP/1.0": true, "HTTP/1.1": true, "HTTP/1.1 with TLS": true, "HTTP/2": true, "HEAD": true, "Accept refused or JSON": true, "no grant": true,
	"another method": true, "unknown parameter": true, "ticket": true, "of a user, of all, and free again": true,
}

// The streams of Docker's API behave as all others do, apart from formats: when clients leave or are slow, when rights or the server
// end, and after panics.
func TestDockersStreamsConform(t *testing.T) {
	t.Parallel()
	for name, row := range dockerStreams {
		method, pattern, _ := strings.Cut(name, " ")
		for _, group := range streamGroups {
			if group.name == "caps" || row.finite && group.name == "slow" {
				continue
			}
			t.Run(name+"/"+group.name, func(t *testing.T) {
				t.Parallel()
				c := newConformance(t, api.Operation{Method: method, Pattern: pattern}, row, group.options)
				for _, one := range group.cases {
					if !wharfsAlone[one.name] {
						t.Run(one.name, func(t *testing.T) { one.run(c.in(t), t) })
					}
				}
			})
		}
	}
}
