package pulls

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
	"wharf/util/apperr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// replica returns a Pulls on a shared database.
func replica(t *testing.T, d *db.DB, addr string) *Pulls {
	t.Helper()
	fleet, err := dockerx.NewFleet([]dockerx.HostConfig{{Name: "a", Addr: addr}, {Name: "b", Addr: addr}}, dockerx.Options{})
	require.NoError(t, err)
	p := New(service.NewHosts(fleet, service.NewAudit(d, service.AuditOptions{})), Options{Shared: d, Logger: zerolog.Nop()})
	t.Cleanup(func() { p.Close(); require.NoError(t, fleet.Close()) })
	return p
}

// slow returns an engine whose pulls report progress, and end when goOn is closed.
func slow(t *testing.T, goOn <-chan struct{}) *dockertest.Daemon {
	t.Helper()
	d := dockertest.NewDaemon(t)
	d.HoldPulls(goOn)
	return d
}

var (
	boss   = service.Actor{UserID: uuid.New(), Username: "boss", Role: service.RoleAdmin}
	worker = service.Actor{UserID: uuid.New(), Username: "worker", Role: service.RoleOperator}
	other  = service.Actor{UserID: uuid.New(), Username: "other", Role: service.RoleOperator}
)

// follow returns a channel that receives each state of a pull from a replica, and is closed at the pull's end.
func follow(t *testing.T, p *Pulls, actor service.Actor, id uuid.UUID) <-chan Pull {
	t.Helper()
	states := make(chan Pull)
	go func() {
		defer close(states)
		_ = p.Follow(t.Context(), actor, id, func(now Pull) error {
			select {
			case states <- now:
				return nil
			case <-t.Context().Done():
				return t.Context().Err()
			}
		})
	}()
	return states
}

func TestAnotherReplicaShowsAndFollowsAPull(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		goOn := make(chan struct{})
		addr := slow(t, goOn).Addr()
		one, two := replica(t, d, addr), replica(t, d, addr)
		began, err := one.Start(t.Context(), worker, Request{Image: "nginx:1.28", Hosts: []string{"a", "b"}})
		require.NoError(t, err)
		now, err := two.Get(t.Context(), worker, began.ID)
		require.NoError(t, err, "known elsewhere once it is begun")
		require.Equal(t, "nginx:1.28", now.Image[len(now.Image)-len("nginx:1.28"):])
		require.Equal(t, StateRunning, now.State)

		var last Pull
		for now := range follow(t, two, worker, began.ID) {
			if last = now; goOn != nil && now.Hosts[0].Progress.Bytes == 1_000_000 && now.Hosts[1].Progress.Bytes == 1_000_000 {
				close(goOn)
				goOn = nil
			}
		}
		require.False(t, last.Finished.IsZero())
		require.Equal(t, StateSucceeded, last.State)
		require.Equal(t, "done", last.Hosts[1].Progress.Step)
		own, err := one.Get(t.Context(), worker, began.ID)
		require.NoError(t, err)
		require.Equal(t, own, last)
		_, err = two.Get(t.Context(), worker, uuid.New())
		require.Equal(t, apperr.NotFound, apperr.KindOf(err))
	})
}

func TestAnotherReplicaCancelsAPull(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addr := slow(t, nil).Addr()
		one, two := replica(t, d, addr), replica(t, d, addr)
		began, err := one.Start(t.Context(), worker, Request{Image: "nginx:1.28", Hosts: []string{"a"}})
		require.NoError(t, err)
		_, err = two.Cancel(t.Context(), other, began.ID)
		require.Equal(t, apperr.Forbidden, apperr.KindOf(err), "%v", err)
		now, err := two.Cancel(t.Context(), boss, began.ID)
		require.NoError(t, err)
		require.Equal(t, StateRunning, now.State)
		for now = range follow(t, one, worker, began.ID) {
		}
		require.Equal(t, StateCancelled, now.State)
	})
}

// A pull that was under way when its replica died has failed. Its row is deleted after an hour.
func TestPullOfADeadReplicaHasFailed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addr := slow(t, nil).Addr()
		two := replica(t, d, addr)
		write := func(age time.Duration) uuid.UUID {
			now := Pull{ID: uuid.New(), Image: "nginx", State: StateRunning, Hosts: []HostPull{
				{Host: "a", State: StateSucceeded}, {Host: "b", State: StateRunning},
			}}
			state, err := json.Marshal(now)
			require.NoError(t, err)
			_, err = d.Queries().WriteImagePull(t.Context(), sqlc.WriteImagePullParams{
				ID: now.ID, UserID: worker.UserID, State: string(state), WrittenAt: db.Time(time.Now().Add(-age)),
			})
			require.NoError(t, err)
			return now.ID
		}
		alive, dead, old := write(silence/2), write(2*silence), write(2*time.Hour)
		now, err := two.Get(t.Context(), worker, alive)
		require.NoError(t, err)
		require.Equal(t, StateRunning, now.State)
		now, err = two.Get(t.Context(), worker, dead)
		require.NoError(t, err)
		require.Equal(t, StateFailed, now.State)
		require.Equal(t, StateSucceeded, now.Hosts[0].State)
		require.Equal(t, "the server that had it pulled has ended", now.Hosts[1].Detail)
		for range follow(t, two, worker, dead) { // ends, as the pull has failed
		}
		_, err = two.Get(t.Context(), worker, old)
		require.Equal(t, apperr.NotFound, apperr.KindOf(err))
		two.shared.clear(t.Context())
		_, err = d.Queries().GetImagePull(t.Context(), old)
		require.True(t, db.IsNoRows(err))
		_, err = d.Queries().GetImagePull(t.Context(), dead)
		require.NoError(t, err)
	})
}
