package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

func TestRepeatedRefusalsAreOneRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		viewer := Actor{UserID: uuid.New(), Username: "vera", Role: RoleViewer}
		refused := Intent{Action: ActionRefused, Target: "GET /v1/audit"}
		change := Intent{Action: ActionPassword, Target: "gildong"}
		for range 100 {
			require.NoError(t, a.RecordDone(t.Context(), viewer, refused, errForbidden))
			err := a.Record(t.Context(), viewer, change, func(context.Context, uuid.UUID) error { return errForbidden })
			require.Equal(t, errForbidden, err)
		}
		all := entries(t, a, AuditFilter{})
		require.Len(t, all, 2)
		for _, e := range all {
			require.Equal(t, int64(100), e.Times)
			require.Equal(t, OutcomeRefused, e.Outcome)
			require.False(t, e.FinishedAt.Before(e.At))
		}
		require.Equal(t, "gildong", all[0].Target)

		require.NoError(t, a.Record(t.Context(), viewer, change, func(context.Context, uuid.UUID) error { return nil }))
		require.NoError(t, a.RecordDone(t.Context(), Actor{UserID: uuid.New(), Username: "hong"}, refused, errForbidden))
		all = entries(t, a, AuditFilter{})
		require.Len(t, all, 4, "what is done, and another's refusal, have rows of their own")
		require.Equal(t, int64(1), all[0].Times)
	})
}

func TestRefusalsOfManyTargetsAreBounded(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, dbtest.SQLiteSource(t))
	a := NewAudit(d, AuditOptions{})
	viewer := Actor{UserID: uuid.New(), Username: "vera", Role: RoleViewer}
	for i := range 500 {
		ctx := WithClient(t.Context(), Client{Addr: fmt.Sprintf("2001:db8:%x::1", i)})
		in := Intent{Action: ActionPassword, Target: fmt.Sprint("user", i)}
		_ = a.Record(ctx, viewer, in, func(context.Context, uuid.UUID) error { return errForbidden })
	}
	all := entries(t, a, AuditFilter{})
	require.Len(t, all, refusalsOfSource+1)
	require.Equal(t, int64(500-refusalsOfSource), all[0].Times)
	require.Equal(t, errForbidden.Msg+othersCounted, all[0].Detail)
}

func TestRefusalGetsANewRowAfterAnHour(t *testing.T) {
	t.Parallel()
	var f refusals
	row := sqlc.BeginAuditParams{ID: uuid.New(), Username: "vera"}
	key, first := f.count(&row, noon)
	require.True(t, first)
	_, first = f.count(&row, noon)
	require.False(t, first)
	require.Empty(t, f.takeRepeats(noon), "the row isn't there yet")
	f.wrote(key, nil)
	require.Len(t, f.takeRepeats(noon), 1)
	require.Empty(t, f.takeRepeats(noon))
	_, first = f.count(&row, noon.Add(refusalsFor))
	require.True(t, first)
	f.wrote(key, errors.New("disk full"))
	_, first = f.count(&row, noon.Add(refusalsFor))
	require.True(t, first, "what couldn't be written is tried again")
	f.wrote(key, nil)
	require.Empty(t, f.takeRepeats(noon.Add(2*refusalsFor)))
	require.Empty(t, f.rows)
	require.Empty(t, f.perSource)
}

func TestRepeatsAreWrittenAtTheEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		for range 3 {
			require.NoError(t, a.RecordDone(t.Context(), *admin, stopIntent(), errForbidden))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, a.Run(ctx))
		all := entries(t, NewAudit(d, AuditOptions{}), AuditFilter{})
		require.Len(t, all, 1)
		require.Equal(t, int64(3), all[0].Times)
	})
}

func TestRecordIsBoundedByNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{Max: 10})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		for i := range 25 {
			in := stopIntent()
			in.Target = fmt.Sprint(i)
			require.NoError(t, a.RecordDone(t.Context(), *admin, in, nil))
		}
		require.Eventually(t, func() bool { return len(entries(t, a, AuditFilter{})) == 10 }, time.Minute, 5*time.Millisecond)
		require.Equal(t, "24", entries(t, a, AuditFilter{})[0].Target, "the latest stay")
		cancel()
		require.NoError(t, <-done)
	})
}

// The audit's database doesn't answer while the users' database does. This simulates a disk that has no space for more rows.
func TestRightsAreTakenAwayThoughItCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gone := dbtest.Open(t, dbtest.SQLiteSource(t))
		require.NoError(t, gone.MigrateDown(t.Context(), 0))
		var log bytes.Buffer
		broken := NewAudit(gone, AuditOptions{Logger: zerolog.New(&log)})
		b := newFixture(t, d, SessionsOptions{})
		boss := b.login(t)
		me := b.actor(t, boss)
		key, err := b.sessions.CreateKey(t.Context(), me, NewAPIKey{Name: "ci", Role: RoleViewer})
		require.NoError(t, err)
		for _, name := range []string{"vera", "hong"} {
			_, err := b.users.Create(t.Context(), &me, named(name), "")
			require.NoError(t, err)
		}
		vera, err := b.sessions.Login(t.Context(), "vera", "123123", Client{})
		require.NoError(t, err)
		g, err := b.users.Grant(t.Context(), me, NewGrant{Username: "hong", Hosts: "*", Role: RoleAdmin})
		require.NoError(t, err)
		b.sessions.audit, b.users.opts.Audit = broken, broken

		yes, role := true, RoleAdmin
		_, err = b.users.Update(t.Context(), me, "vera", UserChange{Disabled: &yes})
		require.NoError(t, err)
		_, err = b.sessions.Authenticate(t.Context(), vera.AccessToken)
		requireUnauthorized(t, err)
		require.NoError(t, b.sessions.DeleteKey(t.Context(), me, key.ID))
		_, err = b.sessions.Authenticate(t.Context(), key.Secret)
		requireUnauthorized(t, err)
		require.NoError(t, b.users.Revoke(t.Context(), me, g.ID))
		require.NoError(t, b.users.Delete(t.Context(), me, "hong"))
		_, err = b.users.Update(t.Context(), me, "vera", UserChange{Role: &role})
		require.Error(t, err, "giving rights needs its row")
		require.Equal(t, apperr.Internal, apperr.KindOf(err))
		require.NoError(t, b.sessions.Logout(t.Context(), boss.RefreshToken))
		_, err = b.sessions.Authenticate(t.Context(), boss.AccessToken)
		requireUnauthorized(t, err)
		for _, action := range []string{ActionUserUpdate, ActionKeyDelete, ActionGrantDelete, ActionUserDelete, ActionLogout} {
			require.Contains(t, log.String(), `"action":"`+action+`"`)
		}
		require.Contains(t, log.String(), "without an audit row")
	})
}
