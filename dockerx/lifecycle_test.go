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
	requireError(t, h.Stop(ctx, id, nil), apperr.Conflict, "Error response from daemon: container not running")
	require.NoError(t, h.Start(ctx, id))
	requireError(t, h.Start(ctx, id), apperr.Conflict, "Error response from daemon: container already started")
	require.NoError(t, h.Stop(ctx, id, nil))
	requireError(t, h.Stop(ctx, id, nil), apperr.Conflict, "Error response from daemon: container not running")
}

func TestStartOfAPausedContainerIsTheDaemonsConflict(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{State: "paused"})
	requireError(t, h.Start(context.Background(), id), apperr.Conflict,
		"Error response from daemon: cannot start a paused container, try unpause instead")
}

func TestStopPassesTheGraceOn(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	seven := 7
	require.NoError(t, h.Stop(context.Background(), id, &seven))
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
	go func() { answer <- h.Stop(ctx, id, &zero) }()
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
	require.ErrorIs(t, h.Start(ctx, id), context.Canceled)
	require.Empty(t, d.Requests())
}

func TestGraceFollowsTheContainersOwnSetting(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	ninety, forever, five := 90, -1, 5
	id := d.Add(dockertest.Container{StopTimeout: &ninety})
	plain := d.Add(dockertest.Container{})
	ctx := context.Background()
	require.Equal(t, 90*time.Second, h.grace(ctx, id, nil))
	require.Equal(t, 10*time.Second, h.grace(ctx, plain, nil))
	require.Equal(t, 5*time.Second, h.grace(ctx, id, &five))
	require.Equal(t, maxGrace, h.grace(ctx, id, &forever))
}
