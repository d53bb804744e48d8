package service

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

func requireKind(t *testing.T, want apperr.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, apperr.KindOf(err), "%v", err)
}

// sessionOf creates a user with a role, and returns a session of it.
func (b *fixture) sessionOf(t *testing.T, name string, role Role) Login {
	t.Helper()
	in := named(name)
	in.Role = role
	user, err := b.users.AddFromCLI(t.Context(), in)
	require.NoError(t, err)
	as := *b
	as.user = user
	return as.session(t)
}

func (b *fixture) actor(t *testing.T, l Login) Actor {
	t.Helper()
	a, err := b.sessions.Authenticate(t.Context(), l.AccessToken)
	require.NoError(t, err)
	return a
}

func TestNewRoleCountsAtOnceAndEndsStreams(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
		other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
		l := b.sessionOf(t, "vera", RoleViewer)
		require.Equal(t, RoleViewer, other.actor(t, l).Role)
		stream, cancel := other.sessions.Ended(l.SessionID)
		defer cancel()
		role, name := RoleOperator, "Vera V."
		u, err := b.users.Update(t.Context(), *admin, "VERA", UserChange{Role: &role, FullName: &name})
		require.NoError(t, err)
		require.Equal(t, RoleOperator, u.Role)
		require.Equal(t, name, u.FullName)
		require.Equal(t, RoleOperator, other.actor(t, l).Role, "the session lives on with the new role")
		<-stream

		again, cancel := other.sessions.Ended(l.SessionID)
		defer cancel()
		mail := "vera@new.example"
		_, err = b.users.Update(t.Context(), *admin, "vera", UserChange{Email: &mail})
		require.NoError(t, err)
		g, err := b.users.Grant(t.Context(), *admin, NewGrant{Username: "vera", Hosts: "prod-*", Role: RoleAdmin})
		require.NoError(t, err)
		<-again
		require.Equal(t, RoleAdmin, other.actor(t, l).roleOn("prod-1", nil))
		require.Equal(t, RoleOperator, other.actor(t, l).roleOn("lab", nil))
		require.NoError(t, b.users.Revoke(t.Context(), *admin, g.ID))
		require.Equal(t, RoleOperator, other.actor(t, l).roleOn("prod-1", nil))
		requireKind(t, apperr.NotFound, b.users.Revoke(t.Context(), *admin, g.ID))

		require.NoError(t, b.users.Delete(t.Context(), *admin, "vera"))
		_, err = other.sessions.Authenticate(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
		requireKind(t, apperr.NotFound, b.users.Delete(t.Context(), *admin, "vera"))
	})
}

func TestOnlyAdminsChangeUsers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		op := b.actor(t, b.sessionOf(t, "op", RoleOperator))
		_, err := b.users.Grant(t.Context(), *admin, NewGrant{Username: "op", Hosts: "*", Role: RoleAdmin})
		require.NoError(t, err)
		op = Actor{UserID: op.UserID, Username: op.Username, Role: op.Role, SessionID: op.SessionID, Grants: []Grant{{Hosts: "*", Role: RoleAdmin}}}
		up := RoleAdmin
		for _, a := range []Actor{op, {Anonymous: true, Role: RoleOperator}, {}} {
			_, err := b.users.Update(t.Context(), a, "op", UserChange{Role: &up})
			requireKind(t, apperr.Forbidden, err)
			requireKind(t, apperr.Forbidden, b.users.Delete(t.Context(), a, "gildong"))
			_, err = b.users.Grant(t.Context(), a, NewGrant{Username: "op", Hosts: "*", Role: RoleAdmin})
			requireKind(t, apperr.Forbidden, err)
			requireKind(t, apperr.Forbidden, b.users.Revoke(t.Context(), a, uuid.New()))
			_, _, err = b.users.Grants(t.Context(), a, "", Page{})
			requireKind(t, apperr.Forbidden, err)
			_, _, err = b.users.Page(t.Context(), a, Page{})
			requireKind(t, apperr.Forbidden, err)
			for _, name := range []string{"gildong", "nobody"} {
				_, err = b.users.Get(t.Context(), a, name)
				requireKind(t, apperr.Forbidden, err)
				requireKind(t, apperr.Forbidden, b.users.ChangePassword(t.Context(), a, name, "123123", "another"))
			}
		}
		self, err := b.users.Get(t.Context(), op, "op")
		require.NoError(t, err)
		require.Equal(t, RoleOperator, self.Role)
	})
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		down, yes, no, up := RoleViewer, true, false, RoleAdmin
		for range 2 {
			for _, c := range []UserChange{{Role: &down}, {Disabled: &yes}} {
				_, err := b.users.Update(t.Context(), *admin, "gildong", c)
				requireKind(t, apperr.Conflict, err)
			}
			requireKind(t, apperr.Conflict, b.users.Delete(t.Context(), *admin, "gildong"))
			// A disabled admin doesn't count.
			in := named("off")
			in.Role = RoleAdmin
			if _, err := b.users.AddFromCLI(t.Context(), in); err == nil {
				_, err = b.users.Update(t.Context(), *admin, "off", UserChange{Disabled: &yes})
				require.NoError(t, err)
			}
		}
		_, err := b.users.Update(t.Context(), *admin, "gildong", UserChange{Role: &up, Disabled: &no})
		require.NoError(t, err, "what changes nothing is allowed")
		_, err = b.users.Update(t.Context(), *admin, "off", UserChange{Disabled: &no})
		require.NoError(t, err)
		require.NoError(t, b.users.Delete(t.Context(), *admin, "gildong"))
	})
}

func TestAdminsWhoDemoteEachOtherLeaveOne(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		const n = 6
		d := dbtest.Open(t, source)
		for i := range n {
			now := db.Time(time.Now())
			require.NoError(t, d.Queries().CreateUser(t.Context(), sqlc.CreateUserParams{
				ID: uuid.New(), Username: fmt.Sprint("a", i), UsernameFolded: fmt.Sprint("a", i), EmailFolded: fmt.Sprint(i),
				Role: string(RoleAdmin), PasswordChangedAt: now, CreatedAt: now,
			}))
		}
		replicas := []*Users{NewUsers(d, UsersOptions{Hasher: hasher}), NewUsers(dbtest.Open(t, source), UsersOptions{Hasher: hasher})}
		down := RoleViewer
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				_, err := replicas[i%2].Update(t.Context(), *admin, fmt.Sprint("a", i), UserChange{Role: &down})
				if err != nil && apperr.KindOf(err) != apperr.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		left, err := d.Queries().CountOtherAdmins(t.Context(), uuid.Nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, left)
	})
}

func TestPasswordChangeEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
		other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
		mine, elsewhere := b.session(t), b.session(t)
		me := other.actor(t, mine)
		other.actor(t, elsewhere)
		requireKind(t, apperr.Forbidden, b.users.ChangePassword(t.Context(), me, "gildong", "wrong", "another"))
		requireKind(t, apperr.Invalid, b.users.ChangePassword(t.Context(), me, "gildong", "123123", "short"))
		other.actor(t, elsewhere)
		require.NoError(t, b.users.ChangePassword(t.Context(), me, "Gildong", "123123", "another"))
		other.actor(t, mine)
		_, err := other.sessions.Authenticate(t.Context(), elsewhere.AccessToken)
		requireUnauthorized(t, err)
		_, err = other.sessions.Renew(t.Context(), elsewhere.RefreshToken)
		requireUnauthorized(t, err)
		_, err = other.sessions.Login(t.Context(), "gildong", "another", Client{})
		require.NoError(t, err)

		// An admin doesn't need another user's old password, and ends all sessions of that user.
		l := b.sessionOf(t, "vera", RoleViewer)
		other.actor(t, l)
		require.NoError(t, b.users.ChangePassword(t.Context(), me, "vera", "", "another"))
		_, err = other.sessions.Authenticate(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
	})
}

func TestAnOldPasswordIsNotGuessedFasterThanAtTheLogin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		me := Actor{UserID: b.user.ID, Username: "gildong", Role: RoleViewer}
		for range 5 {
			requireKind(t, apperr.Forbidden, b.users.ChangePassword(t.Context(), me, "gildong", "wrong", "another"))
		}
		requireKind(t, apperr.TooMany, b.users.ChangePassword(t.Context(), me, "gildong", "123123", "another"))
	})
}

// TestNoSessionSlipsInBesideAPasswordChange logs in with the old password during a change of password.
func TestNoSessionSlipsInBesideAPasswordChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Limits: LoginLimits{Off: true}})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					_, err := b.sessions.Login(t.Context(), "gildong", "123123", Client{})
					if apperr.KindOf(err) == apperr.Unauthorized {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		require.NoError(t, b.users.SetPassword(t.Context(), "gildong", "another"))
		wg.Wait()
		all, _, err := b.sessions.List(t.Context(), Actor{UserID: b.user.ID}, false, Page{})
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

func TestUsersAndGrantsComeInPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		u := NewUsers(d, UsersOptions{Hasher: hasher})
		want := []string{"Ada", "bob", "Cid"}
		for _, name := range []string{"Cid", "Ada", "bob"} {
			_, err := u.AddFromCLI(t.Context(), named(name))
			require.NoError(t, err)
			_, err = u.Grant(t.Context(), *admin, NewGrant{Username: name, Hosts: "*", Role: RoleViewer})
			require.NoError(t, err)
		}
		var got []string
		for p := (Page{Limit: 2}); ; {
			users, next, err := u.Page(t.Context(), *admin, p)
			require.NoError(t, err)
			for _, one := range users {
				got = append(got, one.Username)
			}
			if p.Cursor = next; next == "" {
				break
			}
		}
		require.Equal(t, want, got)
		first, next, err := u.Grants(t.Context(), *admin, "", Page{Limit: 2})
		require.NoError(t, err)
		second, end, err := u.Grants(t.Context(), *admin, "", Page{Limit: 2, Cursor: next})
		require.NoError(t, err)
		require.Empty(t, end)
		require.Len(t, append(first, second...), 3)
		of, _, err := u.Grants(t.Context(), *admin, "ADA", Page{})
		require.NoError(t, err)
		require.Len(t, of, 1)
		require.Equal(t, "Ada", of[0].Username)
		for _, hostile := range []string{"\x00", "\xff", "' OR 1=1 --"} {
			_, _, err = u.Page(t.Context(), *admin, Page{Cursor: hostile})
			require.NoError(t, err)
			_, _, err = u.Grants(t.Context(), *admin, hostile, Page{})
			require.NoError(t, err)
			_, _, err = u.Grants(t.Context(), *admin, "", Page{Cursor: hostile})
			requireKind(t, apperr.Invalid, err)
		}
	})
}

func TestWrongGrantsAreNamed(t *testing.T) {
	t.Parallel()
	for _, in := range []NewGrant{
		{Hosts: "", Role: RoleViewer},
		{Hosts: "a b", Role: RoleViewer},
		{Hosts: "[a]", Role: RoleViewer},
		{Hosts: "*", Labels: "=x", Role: RoleViewer},
		{Hosts: "*", Labels: ",", Role: RoleViewer},
		{Hosts: "*", Labels: "a\x00", Role: RoleViewer},
		{Hosts: "*"},
		{Hosts: "*", Role: RoleNone},
		{Hosts: "*", Role: "king"},
	} {
		requireKind(t, apperr.Invalid, checkGrant(in))
	}
	for _, labels := range []string{"", "team", "team=web", "team=web,tier=1,x", "a.b/c=d e", "k="} {
		require.NoError(t, checkGrant(NewGrant{Hosts: "prod-*", Labels: labels, Role: RoleViewer}), labels)
	}
}
