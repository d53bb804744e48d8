package service

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/token"
	"wharf/util/apperr"
	"wharf/util/password"
	"wharf/util/steady"
)

// fixture has the services of one replica, with the user gildong (admin).
type fixture struct {
	db       *db.DB
	users    *Users
	sessions *Sessions
	maker    token.Maker
	user     User
}

// hasher is cheap: the tests don't depend on the cost of hashes.
var hasher = password.Cheap()

func newFixture(t *testing.T, d *db.DB, o SessionsOptions) *fixture {
	t.Helper()
	b := replica(t, d, newMaker(t), o)
	var err error
	b.user, err = b.users.Create(t.Context(), nil, gildong(), "")
	require.NoError(t, err)
	return b
}

func newMaker(t testing.TB) token.Maker {
	t.Helper()
	keys, err := token.ParseKeys("test:" + rand.Text() + rand.Text())
	require.NoError(t, err)
	m, err := token.NewJWT(keys)
	require.NoError(t, err)
	return m
}

// replica starts the services of one process and runs them until the end of the test.
func replica(t *testing.T, d *db.DB, m token.Maker, o SessionsOptions) *fixture {
	t.Helper()
	if o.Hasher == nil {
		o.Hasher = hasher
	}
	b := &fixture{db: d, users: NewUsers(d, UsersOptions{Hasher: o.Hasher}), sessions: NewSessions(d, m, o), maker: m}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.sessions.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return b
}

func (b *fixture) login(t *testing.T) Login {
	t.Helper()
	l, err := b.sessions.Login(t.Context(), "gildong", "123123", Client{Addr: "192.0.2.1", UserAgent: "curl"})
	require.NoError(t, err)
	return l
}

// session is like login, without the cost of hashing a password, for tests with many sessions.
func (b *fixture) session(t *testing.T) Login {
	t.Helper()
	row, err := b.db.Queries().GetUser(t.Context(), b.user.ID)
	require.NoError(t, err)
	now := db.Time(time.Now())
	l, err := b.sessions.issue(row, now)
	require.NoError(t, err)
	require.NoError(t, b.db.Queries().CreateSession(t.Context(), sqlc.CreateSessionParams{
		ID: l.SessionID, UserID: row.ID, RefreshHash: hashOf(l.RefreshToken), CreatedAt: now, ExpiresAt: l.RefreshExpiresAt,
	}))
	return l
}

func requireUnauthorized(t *testing.T, err error) {
	t.Helper()
	require.Equal(t, apperr.Unauthorized, apperr.KindOf(err), "%v", err)
}

func TestLoginGivesASessionWithTwoTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{AccessTTL: time.Minute, RefreshTTL: time.Hour})
		l, err := b.sessions.Login(t.Context(), "GILDONG", "123123", Client{
			Addr: "192.0.2.1", UserAgent: "evil\x1b[31m\x00" + strings.Repeat("길", 1000),
		})
		require.NoError(t, err)
		require.Equal(t, "gildong", l.User.Username)
		require.Equal(t, b.user.ID, l.User.ID)
		require.WithinDuration(t, time.Now().Add(time.Minute), l.AccessExpiresAt, 10*time.Second)
		require.WithinDuration(t, time.Now().Add(time.Hour), l.RefreshExpiresAt, 10*time.Second)

		actor, err := b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		require.Equal(t, Actor{UserID: b.user.ID, Username: "gildong", Role: RoleAdmin, SessionID: l.SessionID, hasRights: true}, actor)
		_, err = b.sessions.Authenticate(t.Context(), l.RefreshToken)
		requireUnauthorized(t, err)

		row, err := d.Queries().GetSession(t.Context(), l.SessionID)
		require.NoError(t, err)
		require.Equal(t, hashOf(l.RefreshToken), row.RefreshHash)
		require.True(t, l.RefreshExpiresAt.Equal(row.ExpiresAt))
	})
}

func TestEveryRefusedLoginHasOneText(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		_, err := b.users.Create(t.Context(), admin, named("disabled"), "")
		require.NoError(t, err)
		disable(t, b, "disabled")
		for _, c := range []struct{ name, password string }{
			{"gildong", "wrong one"},
			{"nobody", "123123"},
			{"disabled", "123123"},
			{"disabled", "wrong one"},
			{"", ""},
			{"gildong", "123123\x00"},
			{"gildong\x00", "123123"},
			{"gildong' OR 'a'='a", "123123"},
			{"\xff", "123123"},
		} {
			_, err := b.sessions.Login(t.Context(), c.name, c.password, Client{})
			requireUnauthorized(t, err)
			e, _ := apperr.As(err)
			require.Equal(t, "wrong username or password", e.Msg, "%q", c.name)
		}
	})
}

// disable disables a user as another admin, which it creates if necessary.
func disable(t *testing.T, b *fixture, name string) {
	t.Helper()
	spare := named("spare")
	spare.Role = RoleAdmin
	if _, err := b.users.AddFromCLI(t.Context(), spare); err != nil {
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))
	}
	yes := true
	_, err := b.users.Update(t.Context(), *admin, name, UserChange{Disabled: &yes})
	require.NoError(t, err)
}

// TestRefusedLoginsTakeOneDuration compares medians of interleaved tries. The bound is wide, for busy machines: without the
// hash, the factor would be a hundred.
func TestRefusedLoginsTakeOneDuration(t *testing.T) {
	t.Parallel()
	costly := password.New(password.Options{Queue: 1000}) // hashes with the real cost
	b := newFixture(t, dbtest.Open(t, dbtest.SQLiteSource(t)), SessionsOptions{Hasher: costly, Limits: LoginLimits{Off: true}})
	_, err := b.users.Create(t.Context(), admin, named("disabled"), "")
	require.NoError(t, err)
	disable(t, b, "disabled")
	tries := []struct{ name, password string }{{"nobody", "123123"}, {"gildong", "wrong"}, {"disabled", "123123"}}
	took := make([][]time.Duration, len(tries))
	for range 15 {
		for i, c := range tries {
			began := time.Now()
			_, err := b.sessions.Login(t.Context(), c.name, c.password, Client{})
			requireUnauthorized(t, err)
			took[i] = append(took[i], time.Since(began))
		}
	}
	var medians []time.Duration
	for _, all := range took {
		slices.Sort(all)
		medians = append(medians, all[len(all)/2])
	}
	require.Less(t, float64(slices.Max(medians)), 2*float64(slices.Min(medians)), "%v", medians)
}

func TestLogoutBitesAtOnceAndTwice(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
		other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
		l, kept := b.login(t), b.login(t)
		for _, s := range []*Sessions{b.sessions, other.sessions} {
			_, err := s.Authenticate(t.Context(), l.AccessToken)
			require.NoError(t, err)
		}
		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))
		for _, s := range []*Sessions{b.sessions, other.sessions} {
			_, err := s.Authenticate(t.Context(), l.AccessToken)
			requireUnauthorized(t, err)
			_, err = s.Renew(t.Context(), l.RefreshToken)
			requireUnauthorized(t, err)
			_, err = s.Authenticate(t.Context(), kept.AccessToken)
			require.NoError(t, err, "another session lives on")
		}
		require.NoError(t, other.sessions.Logout(t.Context(), l.RefreshToken), "a second logout is no error")
		requireUnauthorized(t, b.sessions.Logout(t.Context(), kept.AccessToken))
		requireUnauthorized(t, b.sessions.Logout(t.Context(), "nonsense"))
		foreign := NewSessions(b.db, newMaker(t), SessionsOptions{Hasher: hasher})
		requireUnauthorized(t, foreign.Logout(t.Context(), kept.RefreshToken))
	})
}

func TestRenewChecksTheSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.login(t)
		r, err := b.sessions.Renew(t.Context(), l.RefreshToken)
		require.NoError(t, err)
		require.Equal(t, l.SessionID, r.SessionID)
		require.NotEqual(t, l.AccessToken, r.AccessToken)
		_, err = b.sessions.Authenticate(t.Context(), r.AccessToken)
		require.NoError(t, err)

		_, err = b.sessions.Renew(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
		// Genuine tokens, but with another session or user.
		for _, spoil := range []func(*token.Payload){
			func(p *token.Payload) { p.ID = uuid.New() },
			func(p *token.Payload) { p.UserID = uuid.New() },
			func(p *token.Payload) { p.SessionID = uuid.New() },
		} {
			p, err := b.maker.Verify(l.RefreshToken, token.Refresh)
			require.NoError(t, err)
			spoil(&p)
			forged, err := b.maker.Create(p)
			require.NoError(t, err)
			_, err = b.sessions.Renew(t.Context(), forged)
			requireUnauthorized(t, err)
		}
		disable(t, b, "gildong")
		_, err = b.sessions.Renew(t.Context(), l.RefreshToken)
		requireUnauthorized(t, err)
		_, err = b.sessions.Authenticate(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
	})
}

func TestExpiredSessionIsOverWhateverTheTokenSays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{AccessTTL: time.Hour, RefreshTTL: 2 * time.Second})
		l := b.login(t)
		_, err := b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		ended, cancel := b.sessions.Ended(l.SessionID)
		defer cancel()
		<-ended
		require.False(t, time.Now().Before(l.RefreshExpiresAt))
		_, err = b.sessions.Authenticate(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
		_, err = b.sessions.Renew(t.Context(), l.RefreshToken)
		requireUnauthorized(t, err)
		require.NoError(t, b.sessions.prune(t.Context()))
		_, err = d.Queries().GetSession(t.Context(), l.SessionID)
		require.NoError(t, err, "the clock may be wrong: nothing is deleted for its age")
		b.sessions.opts.Clock = steady.Trusting()
		require.NoError(t, b.sessions.prune(t.Context()))
		_, err = d.Queries().GetSession(t.Context(), l.SessionID)
		require.True(t, db.IsNoRows(err))
	})
}

func TestOldHashIsUpgradedAtLogin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Hasher: password.New(password.Options{})})
		old, err := argon2id.CreateHash("123123", &argon2id.Params{Memory: 8192, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
		require.NoError(t, err)
		_, err = d.Queries().SetPassword(t.Context(), sqlc.SetPasswordParams{
			ID: b.user.ID, PasswordHash: old, PasswordChangedAt: db.Time(b.user.CreatedAt),
		})
		require.NoError(t, err)
		l := b.login(t)
		require.Equal(t, b.user.CreatedAt, l.User.PasswordChangedAt, "the password is the same")
		row, err := d.Queries().GetUser(t.Context(), b.user.ID)
		require.NoError(t, err)
		require.Contains(t, row.PasswordHash, "$m=19456,t=2,p=1$")
		b.login(t)
	})
}

func TestPasswordSetOnTheMachineEndsSessions(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
		command := NewUsers(dbtest.Open(t, source), UsersOptions{Hasher: hasher})
		l := b.login(t)
		_, err := b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		require.NoError(t, command.SetPassword(t.Context(), "Gildong", "another"))
		_, err = b.sessions.Authenticate(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
		_, err = b.sessions.Login(t.Context(), "gildong", "123123", Client{})
		requireUnauthorized(t, err)
		_, err = b.sessions.Login(t.Context(), "gildong", "another", Client{})
		require.NoError(t, err)
		require.Equal(t, apperr.NotFound, apperr.KindOf(command.SetPassword(t.Context(), "nobody", "another")))
		require.Equal(t, apperr.Invalid, apperr.KindOf(command.SetPassword(t.Context(), "gildong", "short")))
		all, err := command.List(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.False(t, all[0].LastLoginAt.IsZero())
	})
}

func TestLastUseIsWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.login(t)
		before, err := d.Queries().GetSession(t.Context(), l.SessionID)
		require.NoError(t, err)
		_, err = b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		require.NoError(t, b.sessions.cache.writeTouched(t.Context()))
		after, err := d.Queries().GetSession(t.Context(), l.SessionID)
		require.NoError(t, err)
		require.True(t, after.LastUsedAt.After(before.LastUsedAt))
	})
}
