package bulk

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/operations"
	"wharf/service"
	"wharf/util/apperr"
)

// fixture is a Bulk over one fake daemon, for an anonymous admin.
type fixture struct {
	*Bulk
	d     *dockertest.Daemon
	actor service.Actor
}

func setup(t *testing.T, store *db.DB) *fixture {
	t.Helper()
	d := dockertest.NewDaemon(t)
	fleet, err := dockerx.NewFleet([]dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, dockerx.Options{})
	require.NoError(t, err)
	hosts := service.NewHosts(fleet, service.NewAudit(store, service.AuditOptions{}))
	b := New(store, hosts, service.NewSessions(store, nil, service.SessionsOptions{}), Options{Server: "one"})
	t.Cleanup(func() {
		b.Close()
		require.NoError(t, fleet.Close())
	})
	return &fixture{b, d, service.Actor{Anonymous: true, Role: service.RoleAdmin}}
}

func (f *fixture) start(t *testing.T, r Request) uuid.UUID {
	t.Helper()
	if r.Operation.Name == "" {
		r.Operation.Name = "restart"
	}
	r.Select.Hosts = []string{"a"}
	op, err := f.Start(t.Context(), f.actor, r)
	require.NoError(t, err)
	require.Equal(t, StateRunning, op.State)
	return op.ID
}

// ended waits for the end of an operation and returns it.
func (f *fixture) ended(t *testing.T, id uuid.UUID) Operation {
	t.Helper()
	require.NoError(t, f.Follow(t.Context(), f.actor, id, 0, func(Target) error { return nil }))
	op, err := f.Get(t.Context(), f.actor, id)
	require.NoError(t, err)
	require.False(t, op.Finished.IsZero())
	return op
}

func states(op Operation) (all []string) {
	for _, target := range op.Targets {
		all = append(all, target.State)
	}
	return all
}

func TestFailuresStopWhatHasNotBegun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.DB) {
		f := setup(t, store)
		f.d.Add(dockertest.Container{Name: "one"}, dockertest.Container{Name: "two"}, dockertest.Container{Name: "three"})
		bad := f.d.Containers()[1].ID
		f.d.Answer("POST /containers/{id}/restart", func(id string) int {
			if id == bad {
				return 500
			}
			return 204
		})
		op := f.ended(t, f.start(t, Request{StopAfter: 1}))
		require.Equal(t, StateFailed, op.State)
		require.Equal(t, []string{StateOK, StateFailed, StateSkipped}, states(op))
		require.Contains(t, op.Targets[1].Detail, "no space left on device")
		require.Equal(t, []string{StateOK, StateFailed, StateOK}, states(f.ended(t, f.start(t, Request{StopAfter: 0}))))
		for _, n := range []int{1, 2, 3} {
			require.Equal(t, n, op.Targets[n-1].Order%1000000, "in the order in which they ended")
		}
	})
}

// Only the next server of the same name marks the operations that a server left unfinished.
func TestOperationOfAKilledServerIsInterrupted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.DB) {
		f := setup(t, store)
		f.d.Add(dockertest.Container{Name: "one"}, dockertest.Container{Name: "two"})
		begun, over := make(chan struct{}, 2), make(chan struct{})
		defer close(over)
		f.d.Answer("POST /containers/{id}/restart", func(string) int {
			begun <- struct{}{}
			<-over
			return 204
		})
		id := f.start(t, Request{})
		<-begun
		other := New(store, nil, nil, Options{Server: "another"})
		require.NoError(t, other.EndOwn(t.Context()))
		op, err := f.Get(t.Context(), f.actor, id)
		require.NoError(t, err)
		require.Equal(t, StateRunning, op.State)

		next := New(store, nil, nil, Options{Server: "one"})
		require.NoError(t, next.EndOwn(t.Context()))
		op, err = next.Get(t.Context(), f.actor, id)
		require.NoError(t, err)
		require.Equal(t, StateInterrupted, op.State)
		require.Equal(t, []string{StateInterrupted, StateSkipped}, states(op))
	})
}

func TestCloseInterruptsAndCancelLetsTheCurrentOnesEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.DB) {
		f := setup(t, store)
		f.d.Add(dockertest.Container{Name: "one"}, dockertest.Container{Name: "two"})
		begun, proceed := make(chan struct{}, 4), make(chan struct{})
		f.d.Answer("POST /containers/{id}/restart", func(string) int {
			begun <- struct{}{}
			<-proceed
			return 204
		})
		id := f.start(t, Request{})
		<-begun
		_, err := f.Cancel(t.Context(), service.Actor{UserID: uuid.New(), Role: service.RoleOperator}, id)
		require.Equal(t, apperr.Forbidden, apperr.KindOf(err), "another user's")
		_, err = f.Cancel(t.Context(), f.actor, id)
		require.NoError(t, err)
		proceed <- struct{}{}
		op := f.ended(t, id)
		require.Equal(t, StateCancelled, op.State)
		require.Equal(t, []string{StateOK, StateSkipped}, states(op))

		id = f.start(t, Request{})
		<-begun
		f.Close()
		op = f.ended(t, id)
		require.Equal(t, StateInterrupted, op.State)
		require.Equal(t, []string{StateInterrupted, StateSkipped}, states(op))
		_, err = f.Start(t.Context(), f.actor, Request{Operation: operations.Operation{Name: "start"}, Select: service.ContainerFilter{Hosts: []string{"a"}}})
		require.Equal(t, apperr.NotReady, apperr.KindOf(err))
		close(proceed)
	})
}

func TestOldOperationsAreDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.DB) {
		f := setup(t, store)
		f.d.Add(dockertest.Container{Name: "one"})
		id := f.start(t, Request{})
		f.ended(t, id)
		f.opts.Keep = -time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx) }()
		require.Eventually(t, func() bool {
			_, err := f.Get(t.Context(), f.actor, id)
			return apperr.KindOf(err) == apperr.NotFound
		}, time.Minute, time.Millisecond)
		cancel()
		require.NoError(t, <-done)
	})
}
