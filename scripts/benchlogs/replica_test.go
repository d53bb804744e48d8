package benchlogs

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// Two processes on one Postgres. A stream of two containers, one of them with small log files, is cut again and again and resumed at
// the other process: it must continue exactly after its id.
func TestResumeOnAnotherReplica(t *testing.T) {
	benchkit.Parallel(t)
	lines, each := benchkit.Size(3_000, 30_000), benchkit.Size(300, 1_500)
	e := dockertest.DefaultEngine(t)
	shared := []string{"DB_SOURCE=" + dbtest.EmptyPostgresSource(t), "TOKEN_KEYS=k:" + rand.Text() + rand.Text()}
	replicas := []*benchkit.Process{wharf(t, e.Name+"="+e.Addr, shared...), wharf(t, e.Name+"="+e.Addr, shared...)}
	seen := map[string]*watched{}
	for driver, options := range map[string]map[string]string{"json-file": {"max-size": "20k", "max-file": "1000"}, "local": {}} {
		seen[e.Run(t, dockertest.Spec{
			Cmd: []string{"lines", strconv.Itoa(lines), "2000", "1000"}, Name: "replica-" + driver, LogDriver: driver, LogOptions: options,
		})] = &watched{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	v, turns, left := &viewer{}, 0, len(seen)*lines
	for ; left > 0; turns++ {
		require.NoError(t, ctx.Err(), "no more lines come")
		turn, end := context.WithCancel(ctx)
		v.url = replicas[turns%2].URL() + "/v1/logs?name=replica-&follow=true&tail=all"
		taken := 0
		v.onLine = func(l line) {
			seen[l.ID].see(l)
			left--
			if taken++; taken == each || left == 0 {
				end()
			}
		}
		_ = v.once(turn)
		end()
	}
	var all []*watched
	for _, s := range seen {
		all = append(all, s)
	}
	lost, twice, back := total(all)
	benchkit.Figure(fmt.Sprintf("%d lines, %d turns between two replicas", len(seen)*lines, turns), "exactly the lines after the id",
		"%d lost, %d twice, %d out of order, %d gaps", lost, twice, back, v.gaps)
	require.Zero(t, lost+twice+back+v.gaps)
	require.Greater(t, turns, 4)
}
