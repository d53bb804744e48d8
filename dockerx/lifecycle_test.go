package dockerx

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
	"wharf/dockerx/operations"
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

// TestRequestsPerOperation counts the requests about a container for one operation, including the inspect that finds it, while
// the host's events are being read.
func TestRequestsPerOperation(t *testing.T) {
	t.Parallel()
	counted := map[string]bool{}
	for _, c := range []struct {
		from string
		o    operations.Operation
		want int
	}{
		{"exited", operations.Operation{Name: "start", Strict: true}, 2},
		{"running", operations.Operation{Name: "start", Strict: true}, 2},
		{"paused", operations.Operation{Name: "start", Strict: true}, 2},
		{"running", operations.Operation{Name: "stop", Strict: true}, 2},
		{"exited", operations.Operation{Name: "stop", Strict: true}, 2},
		{"exited", operations.Operation{Name: "start"}, 2},
		{"running", operations.Operation{Name: "start"}, 2},
		{"paused", operations.Operation{Name: "start"}, 3}, // a conflict, which may mean that the container is running by now
		{"running", operations.Operation{Name: "stop"}, 2},
		{"exited", operations.Operation{Name: "stop"}, 2},
		{"running", operations.Operation{Name: "restart"}, 2},
		{"running", operations.Operation{Name: "pause"}, 2},
		{"paused", operations.Operation{Name: "pause"}, 2},
		{"paused", operations.Operation{Name: "unpause"}, 2},
		{"running", operations.Operation{Name: "kill"}, 3}, // whether the container ends depends on the signal
		{"exited", operations.Operation{Name: "kill"}, 2},
		{"exited", operations.Operation{Name: "start", Wait: "running"}, 3},
		{"running", operations.Operation{Name: "rename", Params: operations.Rename{Name: "other"}}, 2},
		{"running", operations.Operation{Name: "update", Params: operations.Update{RestartPolicy: "always"}}, 2},
		{"exited", operations.Operation{Name: "remove"}, 2},
		{"running", operations.Operation{Name: "remove"}, 3}, // a conflict, unless the container is just being removed
	} {
		counted[c.o.Name] = true
		t.Run(c.o.Name+" of "+c.from, func(t *testing.T) {
			t.Parallel()
			d, h := following(t)
			h.traces.patience = time.Minute // so that a busy machine causes no inspect
			_, _ = operate(t, h, d.Add(dockertest.Container{State: c.from}), c.o)
			asked := slices.DeleteFunc(d.Requests(), func(r dockertest.Request) bool { return !aboutOne.MatchString(r.Path) })
			require.Len(t, asked, c.want, "%+v", asked)
		})
	}
	counted["recreate"] = true // consists of several operations
	for _, row := range operations.All() {
		require.True(t, counted[row.Name], "%s: say above how many requests it takes", row.Name)
	}
}

var aboutOne = regexp.MustCompile(`/containers/[0-9a-f]{64}(/|$)`)

// If a container ends as soon as it is started, the events show it, and an inspect determines the state that is reported.
func TestContainerThatEndsAtOnceIsNotReportedAsRunning(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	died := make(chan struct{}, 1)
	f := fleetOf(t, Options{OnEvent: func(e events.Event) {
		if e.Action == "die" {
			died <- struct{}{}
		}
	}}, HostConfig{Name: "fake", Addr: d.Addr()})
	running(t, f)
	h := f.Hosts()[0]
	require.Eventually(t, func() bool { return h.streamUp() && d.Streams() == 1 }, time.Minute, time.Millisecond)
	id := endsAtOnce(d, func() { <-died })
	result, err := operate(t, h, id, operations.Operation{Name: "start"})
	require.NoError(t, err)
	require.True(t, result.Changed)
	require.Equal(t, "exited", result.After.Status)
}

// If the host's events aren't read, the state is inspected without waiting for events.
func TestStateAfterAStartIsInspectedWhereEventsAreNotRead(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := endsAtOnce(d, func() {})
	result, err := operate(t, h, id, operations.Operation{Name: "start"})
	require.NoError(t, err)
	require.Equal(t, "exited", result.After.Status)
	require.Len(t, d.Requests(), 3)
}

// endsAtOnce adds a container that ends as soon as it is started. before is called before the answer to the start.
func endsAtOnce(d *dockertest.Daemon, before func()) (id string) {
	id = d.Add(dockertest.Container{State: "exited"})
	d.Handle("POST /containers/{id}/start", func(w http.ResponseWriter, _ *http.Request) {
		d.Emit(dockertest.NewMessage("container", "start", id, nil))
		d.Emit(dockertest.NewMessage("container", "die", id, nil))
		before()
		w.WriteHeader(http.StatusNoContent)
	})
	return id
}
