package service

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx/events"
	"wharf/service/attribution"
	"wharf/util/apperr"
	"wharf/util/steady"
)

const containerID = "b76ffe5bffb1c7d0a3f1e2d4c5b6a798b76ffe5bffb1c7d0a3f1e2d4c5b6a798"

func stopIntent() Intent {
	return Intent{Action: "container.stop", Host: "prod-1", ContainerID: containerID, ContainerName: "web"}
}

// entries returns the audit's rows, the latest first.
func entries(t *testing.T, a *Audit, f AuditFilter) []AuditEntry {
	t.Helper()
	all, _, err := a.List(t.Context(), *admin, f, Page{})
	require.NoError(t, err)
	return all
}

func TestActionIsWrittenBeforeAndCompletedAfterThoughTheCallerHangsUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		ctx, hangUp := context.WithCancel(WithClient(t.Context(), Client{Addr: "192.0.2.7", RequestID: "r1"}))
		actor := Actor{UserID: uuid.New(), Username: "op", Role: RoleOperator}
		var id uuid.UUID
		err := a.Record(ctx, actor, stopIntent(), func(_ context.Context, given uuid.UUID) error {
			id = given
			all := entries(t, a, AuditFilter{})
			require.Len(t, all, 1)
			require.Equal(t, OutcomePending, all[0].Outcome)
			require.True(t, all[0].FinishedAt.IsZero())
			hangUp()
			return nil
		})
		require.NoError(t, err)
		all := entries(t, a, AuditFilter{})
		require.Len(t, all, 1)
		got := all[0]
		require.False(t, got.FinishedAt.Before(got.At))
		require.Equal(t, AuditEntry{
			ID: id, At: got.At, FinishedAt: got.FinishedAt, Username: "op", Addr: "192.0.2.7", RequestID: "r1",
			Action: "container.stop", Host: "prod-1", ContainerID: containerID, ContainerName: "web", Outcome: OutcomeOK, Times: 1,
		}, got)
	})
}

func TestNothingIsDoneThatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		require.NoError(t, d.MigrateDown(t.Context(), 0))
		err := a.Record(t.Context(), *admin, stopIntent(), func(context.Context, uuid.UUID) error {
			require.Fail(t, "done")
			return nil
		})
		require.Equal(t, apperr.Internal, apperr.KindOf(err))
		require.Error(t, err)
	})
}

func TestOutcomeTellsRefusalFromFailureAndNoCause(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		for _, c := range []struct {
			result          error
			outcome, detail string
		}{
			{nil, OutcomeOK, ""},
			{errForbidden, OutcomeRefused, "not allowed"},
			{apperr.New(apperr.Conflict, "container already started"), OutcomeFailed, "container already started"},
			{apperr.Wrap(apperr.Unavailable, errors.New("dial tcp 10.0.0.1"), "host is away"), OutcomeFailed, "host is away"},
			{errors.New("pq: secret"), OutcomeFailed, "internal error"},
		} {
			require.NoError(t, a.RecordDone(t.Context(), *admin, stopIntent(), c.result))
			got := a.Record(t.Context(), Actor{Username: "another"}, stopIntent(), func(context.Context, uuid.UUID) error { return c.result })
			require.Equal(t, c.result, got)
			all := entries(t, a, AuditFilter{})
			for _, e := range all[:2] {
				require.Equal(t, c.outcome, e.Outcome)
				require.Equal(t, c.detail, e.Detail)
			}
		}
	})
}

func TestLoginsAndChangesAreOnRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		b := replica(t, d, newMaker(t), SessionsOptions{Audit: a})
		b.users = NewUsers(d, UsersOptions{Hasher: hasher, Audit: a})
		var err error
		b.user, err = b.users.Create(t.Context(), nil, gildong(), "")
		require.NoError(t, err)
		_, err = b.users.Create(t.Context(), nil, named("stranger"), "")
		requireUnauthorized(t, err)
		_, err = b.sessions.Login(t.Context(), "gildong", "wrong", Client{Addr: "192.0.2.9"})
		requireUnauthorized(t, err)
		_, err = b.sessions.Login(t.Context(), "hunter2", "gildong", Client{Addr: "192.0.2.9"})
		requireUnauthorized(t, err)
		l := b.login(t)
		me := b.actor(t, l)
		_, err = b.users.Create(t.Context(), &me, named("vera"), "")
		require.NoError(t, err)
		role := RoleOperator
		_, err = b.users.Update(t.Context(), me, "vera", UserChange{Role: &role})
		require.NoError(t, err)
		g, err := b.users.Grant(t.Context(), me, NewGrant{Username: "vera", Hosts: "*", Role: RoleAdmin})
		require.NoError(t, err)
		require.NoError(t, b.users.Revoke(t.Context(), me, g.ID))
		require.NoError(t, b.users.ChangePassword(t.Context(), me, "vera", "", "another"))
		k, err := b.sessions.CreateKey(t.Context(), me, NewAPIKey{Name: "ci", Role: RoleViewer})
		require.NoError(t, err)
		require.NoError(t, b.sessions.DeleteKey(t.Context(), me, k.ID))
		requireKind(t, apperr.Forbidden, b.users.Delete(t.Context(), Actor{Username: "vera", Role: RoleViewer}, "gildong"))
		require.NoError(t, b.users.Delete(t.Context(), me, "vera"))
		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))

		type row struct{ user, action, outcome string }
		var got []row
		for _, e := range entries(t, a, AuditFilter{}) {
			require.NotContains(t, e.Target+e.Detail+e.Username, "hunter2", "a password typed as a name stays unwritten")
			got = append(got, row{e.Username, e.Action, e.Outcome})
		}
		require.Equal(t, []row{
			{"gildong", ActionLogout, OutcomeOK},
			{"gildong", ActionUserDelete, OutcomeOK},
			{"vera", ActionUserDelete, OutcomeRefused},
			{"gildong", ActionKeyDelete, OutcomeOK},
			{"gildong", ActionKeyCreate, OutcomeOK},
			{"gildong", ActionPassword, OutcomeOK},
			{"gildong", ActionGrantDelete, OutcomeOK},
			{"gildong", ActionGrantCreate, OutcomeOK},
			{"gildong", ActionUserUpdate, OutcomeOK},
			{"gildong", ActionUserCreate, OutcomeOK},
			{"gildong", ActionLogin, OutcomeOK},
			{"", ActionLogin, OutcomeRefused},
			{"gildong", ActionLogin, OutcomeRefused},
			{"gildong", ActionUserCreate, OutcomeOK},
		}, got)
		require.Equal(t, "192.0.2.9", entries(t, a, AuditFilter{Action: ActionLogin, Outcome: OutcomeRefused})[0].Addr)
	})
}

func TestRecordIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		other := Intent{Action: "container.start", Host: "lab", ContainerID: "c" + containerID[1:], ContainerName: "db"}
		for i := range 3 {
			require.NoError(t, a.RecordDone(t.Context(), *admin, stopIntent(), nil))
			ctx := WithClient(t.Context(), Client{Addr: fmt.Sprint("192.0.2.", i)})
			require.NoError(t, a.RecordDone(ctx, Actor{Username: "vera"}, other, errForbidden))
		}
		now := time.Now()
		for want, filters := range map[int][]AuditFilter{
			6: {{}, {Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}},
			3: {
				{User: "vera"},
				{Host: "lab"},
				{Action: "container.stop"},
				{Outcome: OutcomeRefused},
				{Container: "web"},
				{Container: containerID},
				{Container: containerID[:12]},
				{Container: "b76f"},
				{User: "boss", Host: "prod-1", Container: "web"},
			},
			0: {
				{User: "nobody"},
				{User: "vera", Host: "prod-1"},
				{Until: now.Add(-time.Hour)},
				{Since: now.Add(time.Hour)},
				{Container: "b7"},
				{Container: "b76e"},
				{Container: "%"},
				{Container: "\x00"},
				{User: "\xff"},
				{Host: "lab' --"},
			},
		} {
			for _, f := range filters {
				require.Len(t, entries(t, a, f), want, "%+v", f)
			}
		}
		var ids []uuid.UUID
		for p := (Page{Limit: 4}); ; {
			page, next, err := a.List(t.Context(), *admin, AuditFilter{}, p)
			require.NoError(t, err)
			for _, e := range page {
				ids = append(ids, e.ID)
			}
			if p.Cursor = next; next == "" {
				break
			}
		}
		require.Len(t, ids, 6)
		_, _, err := a.List(t.Context(), Actor{Role: RoleOperator}, AuditFilter{}, Page{})
		requireKind(t, apperr.Forbidden, err)
	})
}

func TestOldRowsAreRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		require.NoError(t, NewAudit(d, AuditOptions{}).RecordDone(t.Context(), *admin, stopIntent(), nil))
		a := NewAudit(d, AuditOptions{Retention: time.Nanosecond, Clock: steady.Trusting()})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		require.Eventually(t, func() bool { return len(entries(t, a, AuditFilter{})) == 0 }, time.Minute, 5*time.Millisecond)
		cancel()
		require.NoError(t, <-done)
	})
}

func TestNoAuditIsNoHindrance(t *testing.T) {
	t.Parallel()
	var a *Audit
	done := false
	require.NoError(t, a.Record(t.Context(), *admin, stopIntent(), func(context.Context, uuid.UUID) error { done = true; return nil }))
	require.True(t, done)
	require.NoError(t, a.RecordDone(t.Context(), *admin, stopIntent(), nil))
	e := events.Event{Type: "container", Action: "die", ActorID: containerID, Time: time.Now()}
	require.NoError(t, a.Attribute(t.Context(), []*events.Event{&e}))
	require.Empty(t, e.Attrs)
}

// A process that is killed during an action leaves a pending row. No later event may be attributed to it.
func TestRowsOfAnEarlierProcessEndAsUnknown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		killed, other := NewAudit(d, AuditOptions{Server: "a"}), NewAudit(d, AuditOptions{Server: "b"})
		for _, a := range []*Audit{killed, other} {
			row, err := newAuditRow(t.Context(), *admin, stopIntent())
			require.NoError(t, err)
			require.NoError(t, a.write(t.Context(), row))
		}
		again := NewAudit(d, AuditOptions{Server: "a"})
		require.NoError(t, again.EndOwn(t.Context()))
		require.Len(t, entries(t, again, AuditFilter{Outcome: OutcomeUnknown}), 1)
		require.Len(t, entries(t, again, AuditFilter{Outcome: OutcomePending}), 1, "another server's is under way")
		require.NoError(t, NewAudit(d, AuditOptions{Server: "b"}).EndOwn(t.Context()))
		e := events.Event{Type: "container", Action: "die", ActorID: containerID, Time: time.Now()}
		require.NoError(t, again.Attribute(t.Context(), []*events.Event{&e}))
		require.NotContains(t, e.Attrs, attribution.AttrAudit)
	})
}

// A time range is read along the ids. Its limits are compared with the times of the rows.
func TestAuditOfASpanOfTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		var at []time.Time
		for range 5 {
			require.NoError(t, a.RecordDone(t.Context(), *admin, stopIntent(), nil))
			at = append(at, entries(t, a, AuditFilter{})[0].At)
			require.Eventually(t, func() bool { return db.Time(time.Now()).After(at[len(at)-1]) }, time.Second, time.Microsecond)
		}
		require.Len(t, entries(t, a, AuditFilter{Since: at[1]}), 4, "from a time on")
		require.Len(t, entries(t, a, AuditFilter{Until: at[1]}), 1, "up to but not at a time")
		require.Len(t, entries(t, a, AuditFilter{Since: at[1], Until: at[4]}), 3)
		require.Empty(t, entries(t, a, AuditFilter{Since: time.Now().Add(time.Hour)}))
		require.Empty(t, entries(t, a, AuditFilter{Until: time.Unix(0, 0)}))
		far := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		require.Len(t, entries(t, a, AuditFilter{Until: far}), 5)
	})
}
