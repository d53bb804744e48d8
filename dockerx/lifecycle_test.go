package dockerx

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

func TestStartAndStopSayWhenThereWasNothingToDo(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	ctx := context.Background()
	id := d.Add(dockertest.Container{State: "exited"})
	requireError(t, stop(ctx, h, id, nil), apperr.Conflict, "Error response from daemon: container not running")
	require.NoError(t, start(ctx, h, id))
	requireError(t, start(ctx, h, id), apperr.Conflict, "Error response from daemon: container already started")
	require.NoError(t, stop(ctx, h, id, nil))
	requireError(t, stop(ctx, h, id, nil), apperr.Conflict, "Error response from daemon: container not running")
}

func TestStartOfAPausedContainerIsTheDaemonsConflict(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{State: "paused"})
	requireError(t, start(context.Background(), h, id), apperr.Conflict,
		"Error response from daemon: cannot start a paused container, try unpause instead")
}

func TestStopPassesTheGraceOn(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	seven := 7
	require.NoError(t, stop(context.Background(), h, id, &seven))
	require.Equal(t, "t=7", d.Requests()[0].Query)
}

func TestStopOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	arrived, proceed, finished := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	d.Handle("POST /containers/{id}/stop", func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		select {
		case <-proceed:
			finished <- nil
		case <-r.Context().Done():
			finished <- r.Context().Err()
		}
		w.WriteHeader(http.StatusNoContent)
	})
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	zero := 0
	go func() { answer <- stop(ctx, h, id, &zero) }()
	<-arrived
	cancel()
	close(proceed)
	require.NoError(t, <-finished, "the request was not given up")
	require.NoError(t, <-answer)
}

func TestNothingIsSentForACallerWhoIsGone(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, start(ctx, h, id), context.Canceled)
	require.Empty(t, d.Requests())
}

func TestGraceFollowsTheContainersOwnSetting(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	ninety, forever, five := 90, -1, 5
	of := func(c dockertest.Container) *Details {
		found, err := h.Resolve(context.Background(), ref(t, d.Add(c)))
		require.NoError(t, err)
		return found
	}
	own, plain := of(dockertest.Container{StopTimeout: &ninety}), of(dockertest.Container{})
	require.Equal(t, 90*time.Second, grace(own, Operation{}))
	require.Equal(t, 10*time.Second, grace(plain, Operation{}))
	require.Equal(t, 5*time.Second, grace(own, Operation{Timeout: &five}))
	require.Equal(t, maxGrace, grace(own, Operation{Timeout: &forever}))
}

// TestRequestsPerOperation counts what an engine is asked for one operation, the inspect that finds the
// container included.
func TestRequestsPerOperation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		o    Operation
		want int
	}{
		{"exited", Operation{Name: "start", Strict: true}, 2},
		{"running", Operation{Name: "start", Strict: true}, 2},
		{"paused", Operation{Name: "start", Strict: true}, 2},
		{"running", Operation{Name: "stop", Strict: true}, 2},
		{"exited", Operation{Name: "stop", Strict: true}, 2},
		{"exited", Operation{Name: "start"}, 2},
		{"running", Operation{Name: "start"}, 2},
		{"paused", Operation{Name: "start"}, 3}, // a conflict that may mean that it runs by now
		{"running", Operation{Name: "stop"}, 2},
		{"exited", Operation{Name: "stop"}, 2},
		{"running", Operation{Name: "restart"}, 2},
		{"running", Operation{Name: "pause"}, 2},
		{"paused", Operation{Name: "pause"}, 2},
		{"paused", Operation{Name: "unpause"}, 2},
		{"running", Operation{Name: "kill"}, 3}, // whether it ended depends on the signal
		{"exited", Operation{Name: "kill"}, 2},
		{"exited", Operation{Name: "start", Wait: "running"}, 3},
	} {
		d, h := setup(t)
		_, _ = operate(t, h, d.Add(dockertest.Container{State: c.from}), c.o)
		require.Len(t, d.Requests(), c.want, "%s of %s: %+v", c.o.Name, c.from, d.Requests())
	}
}
