package benchoperations

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// took is how long a replacement took, and how long no container ran meanwhile.
type took struct{ wall, down time.Duration }

// TestRecreate compares a recreation through wharf with the same steps by Docker's command line, in turns, and the time without a
// container with that of the command line's stop and start.
func TestRecreate(t *testing.T) {
	benchkit.Parallel(t)
	e := dockertest.DefaultEngine(t)
	f := newFixture(t, "bench="+e.Addr)
	var through, byHand []took
	var restarts []time.Duration
	for range benchkit.Size(2, 12) {
		through = append(through, f.recreate(t, e))
		byHand = append(byHand, recreateByHand(t, e))
		restarts = append(restarts, stopAndStart(t, e))
	}
	wall, down := medians(through)
	handWall, handDown := medians(byHand)
	restart := median(restarts)
	benchkit.Figure("recreate a container: wall, beside the same steps by the docker CLI", "≤ 1.1×", "%.2f× (%.0f ms, CLI %.0f ms)",
		float64(wall)/float64(handWall), ms(wall), ms(handWall))
	benchkit.Figure("recreate a container: nothing runs, beside the CLI's stop and start", "≤ 1.1×", "%.2f× (%.0f ms, CLI %.0f ms; the same steps %.0f ms)",
		float64(down)/float64(restart), ms(down), ms(restart), ms(handDown))
	benchkit.Within(t, float64(wall) <= 1.1*float64(handWall), "a recreation takes too long")
	benchkit.Within(t, float64(down) <= 1.1*float64(restart), "nothing runs for too long")
}

func medians(all []took) (wall, down time.Duration) {
	var walls, downs []time.Duration
	for _, one := range all {
		walls, downs = append(walls, one.wall), append(downs, one.down)
	}
	return median(walls), median(downs)
}

var spec = dockertest.Spec{Env: []string{"A=1"}, Mounts: []string{"/tmp:/host:ro"}, Restart: "unless-stopped", Ports: []string{"127.0.0.1::80"}}

// died and started return when a container ended and started according to its engine.
func died(t *testing.T, e dockertest.Engine, id string) time.Time {
	t.Helper()
	return moment(t, e.Inspect(t, id).State.FinishedAt)
}

func started(t *testing.T, e dockertest.Engine, id string) time.Time {
	t.Helper()
	return moment(t, e.Inspect(t, id).State.StartedAt)
}

// recreate recreates a container through wharf. When the old one ended is read from the engine's events, since it is removed.
func (f *fixture) recreate(t *testing.T, e dockertest.Engine) took {
	t.Helper()
	id := e.Run(t, spec)
	began := time.Now()
	result, err := f.client.RecreateContainer(t.Context(), "bench", id, dto.Recreate{Wait: "running"})
	wall := time.Since(began)
	require.NoError(t, err)
	e.RemoveAfter(t, result.NewID)
	end := docker(t, e, "events", "--since", began.Add(-time.Second).Format(time.RFC3339Nano), "--until", time.Now().Format(time.RFC3339Nano),
		"--filter", "container="+id, "--filter", "event=die", "--format", "{{.TimeNano}}")
	var nano int64
	_, err = fmt.Sscan(end, &nano)
	require.NoError(t, err, "%q", end)
	return took{wall, started(t, e, result.NewID).Sub(time.Unix(0, nano))}
}

// recreateByHand takes the same steps with the command line.
func recreateByHand(t *testing.T, e dockertest.Engine) took {
	t.Helper()
	id := e.Run(t, spec)
	name := e.Inspect(t, id).Name[1:]
	began := time.Now()
	docker(t, e, "inspect", id)
	next := docker(t, e, "create", "--name", name+"-new", "--env", "A=1", "--volume", "/tmp:/host:ro", "--restart", "unless-stopped",
		"--publish", "127.0.0.1::80", dockertest.Image)
	e.RemoveAfter(t, next)
	docker(t, e, "update", "--restart", "no", id)
	docker(t, e, "stop", id)
	docker(t, e, "rename", id, name+"-old")
	docker(t, e, "rename", next, name)
	docker(t, e, "start", next)
	require.Equal(t, "true", docker(t, e, "inspect", "--format", "{{.State.Running}}", next))
	down := started(t, e, next).Sub(died(t, e, id))
	docker(t, e, "rm", id)
	return took{time.Since(began), down}
}

// stopAndStart returns how long nothing runs during the command line's stop and start of a container.
func stopAndStart(t *testing.T, e dockertest.Engine) time.Duration {
	t.Helper()
	id := e.Run(t, spec)
	docker(t, e, "stop", id)
	end := died(t, e, id)
	docker(t, e, "start", id)
	return started(t, e, id).Sub(end)
}
