package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newUser(name string, now time.Time) sqlc.CreateUserParams {
	return sqlc.CreateUserParams{
		ID: uuid.New(), Username: name, UsernameFolded: name, FullName: name,
		Email: name + "@example.com", EmailFolded: name + "@example.com",
		PasswordHash: "h", Role: "viewer", PasswordChangedAt: now, CreatedAt: now,
	}
}

func TestTimesComeBackAsTheyWent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, q := t.Context(), d.Queries()
		now := db.Time(time.Now().In(time.FixedZone("odd", 20700)))
		u := newUser("a", now)
		require.NoError(t, q.CreateUser(ctx, u))
		got, err := q.GetUser(ctx, u.ID)
		require.NoError(t, err)
		require.True(t, now.Equal(got.CreatedAt), "%s != %s", now, got.CreatedAt)

		s := sqlc.CreateSessionParams{ID: uuid.New(), UserID: u.ID, CreatedAt: now, ExpiresAt: now}
		require.NoError(t, q.CreateSession(ctx, s))
		// A session isn't expired at the same microsecond or earlier.
		for _, before := range []time.Time{now, now.Add(-time.Hour), now.Add(-time.Microsecond)} {
			n, err := q.DeleteExpiredSessions(ctx, before)
			require.NoError(t, err)
			require.Zero(t, n, "before %s", before)
		}
		n, err := q.DeleteExpiredSessions(ctx, db.Time(now.Add(time.Microsecond)))
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
}

func TestErrorsAreClassifiedOnBothEngines(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, q := t.Context(), d.Queries()
		u := newUser("a", db.Time(time.Now()))
		require.NoError(t, q.CreateUser(ctx, u))

		sameName := newUser("a", u.CreatedAt)
		sameName.EmailFolded = "other"
		err := db.MapError(q.CreateUser(ctx, sameName))
		require.Equal(t, apperr.Conflict, apperr.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "username or email is already taken")

		sameID := newUser("b", u.CreatedAt)
		sameID.ID = u.ID
		require.Equal(t, apperr.Conflict, apperr.KindOf(db.MapError(q.CreateUser(ctx, sameID))))

		orphan := sqlc.CreateSessionParams{ID: uuid.New(), UserID: uuid.New(), CreatedAt: u.CreatedAt, ExpiresAt: u.CreatedAt}
		require.Equal(t, apperr.NotFound, apperr.KindOf(db.MapError(q.CreateSession(ctx, orphan))))

		_, err = q.GetUser(ctx, uuid.New())
		require.True(t, db.IsNoRows(err))
		require.Equal(t, apperr.NotFound, apperr.KindOf(db.MapError(err)))
	})
}

func TestTransactionTakesBackAllOfItOnError(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		err := d.InTx(ctx, func(q *sqlc.Queries) error {
			require.NoError(t, q.CreateUser(ctx, newUser("a", db.Time(time.Now()))))
			return context.Canceled
		})
		require.ErrorIs(t, err, context.Canceled)
		n, err := d.Queries().CountUsers(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
