package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
)

// gildong returns the user of the contract's example.
func gildong() NewUser {
	return NewUser{Username: "gildong", Password: "123123", FullName: "YunGilDong", Email: "gildong@email.com"}
}

func named(name string) NewUser {
	in := gildong()
	in.Username, in.Email = name, name+"@email.com"
	return in
}

var admin = &Actor{Username: "boss", Role: RoleAdmin}

func TestFirstUserIsAdminAndLaterOnesAreViewers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		u, before := NewUsers(d, UsersOptions{Hasher: hasher}), time.Now()
		first, err := u.Create(t.Context(), nil, gildong(), "")
		require.NoError(t, err)
		require.Equal(t, RoleAdmin, first.Role)
		require.Equal(t, first.CreatedAt, first.PasswordChangedAt)
		require.Equal(t, time.UTC, first.CreatedAt.Location())
		require.WithinDuration(t, before, first.CreatedAt, time.Minute)

		second, err := u.Create(t.Context(), admin, named("b"), "")
		require.NoError(t, err)
		require.Equal(t, RoleViewer, second.Role)
		in := named("c")
		in.Role = RoleOperator
		third, err := u.Create(t.Context(), admin, in, "")
		require.NoError(t, err)
		require.Equal(t, RoleOperator, third.Role)
	})
}

// TestOfManyFirstSignupsOneIsAdmin creates first users concurrently on replicas with separate connections.
func TestOfManyFirstSignupsOneIsAdmin(t *testing.T) {
	t.Parallel()
	n := rounds(1, 50)
	t.Cleanup(func() { // after the rounds, which run in parallel
		if !t.Failed() {
			t.Logf("seen: 1 admin and no other user in each of 2 × %d rounds", n)
		}
	})
	for range n {
		dbtest.EachSource(t, raceFirstSignups)
	}
}

// arrived is the context key of a function that a sign-up calls after its first checks, before the transaction.
type arrived struct{}

func raceFirstSignups(t *testing.T, source string) {
	var hashed sync.WaitGroup // done when all sign-ups have arrived
	hashed.Add(100)
	replicas := []*Users{}
	for range 2 {
		u := NewUsers(dbtest.Open(t, source), UsersOptions{Hasher: hasher})
		u.hash = func(ctx context.Context, _ string) (string, error) {
			ctx.Value(arrived{}).(func())()
			hashed.Wait()
			return "unused", nil
		}
		replicas = append(replicas, u)
	}
	var wg sync.WaitGroup
	var made atomic.Int32
	for i := range 100 {
		wg.Go(func() {
			arrive := sync.OnceFunc(hashed.Done)
			defer arrive() // so that a sign-up that fails early doesn't block the others
			ctx := context.WithValue(t.Context(), arrived{}, arrive)
			_, err := replicas[i%2].Create(ctx, nil, named(fmt.Sprintf("user%d", i)), "")
			if err == nil {
				made.Add(1)
				return
			}
			if apperr.KindOf(err) != apperr.Unauthorized {
				t.Errorf("user%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	all, err := replicas[0].db.Queries().CountUsers(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, all)
}

func TestFirstUserNeedsTheSetupToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		secret := NewSetupToken()
		u := NewUsers(d, UsersOptions{Hasher: hasher, SetupToken: secret})
		for _, wrong := range []string{"", "x", secret + "x", strings.ToLower(secret)} {
			_, err := u.Create(t.Context(), nil, gildong(), wrong)
			require.Equal(t, apperr.Forbidden, apperr.KindOf(err))
			require.NotContains(t, err.Error(), secret)
		}
		_, err := u.Create(t.Context(), nil, gildong(), secret)
		require.NoError(t, err)
		_, err = u.Create(t.Context(), nil, named("b"), secret)
		require.Equal(t, apperr.Unauthorized, apperr.KindOf(err), "the token is good once")
	})
}

func TestWhoMayCreateUsers(t *testing.T) {
	t.Parallel()
	operator := &Actor{Username: "op", Role: RoleOperator}
	anonymousAdmin := &Actor{Anonymous: true, Role: RoleAdmin}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		closed, open := NewUsers(d, UsersOptions{Hasher: hasher}), NewUsers(d, UsersOptions{Hasher: hasher, OpenSignup: true})
		_, err := closed.Create(t.Context(), nil, gildong(), "")
		require.NoError(t, err)
		for i, c := range []struct {
			users *Users
			actor *Actor
			role  Role
			want  apperr.Kind // Internal: none
		}{
			{closed, nil, "", apperr.Unauthorized},
			{closed, operator, "", apperr.Forbidden},
			{closed, admin, RoleAdmin, 0},
			{open, nil, "", 0},
			{open, nil, RoleViewer, 0},
			{open, nil, RoleOperator, apperr.Forbidden},
			{open, operator, RoleAdmin, apperr.Forbidden},
			{open, admin, RoleAdmin, 0},
			{closed, anonymousAdmin, "", 0}, // AUTH_MODE=open with ANON_ROLE=admin
		} {
			in := named(fmt.Sprintf("u%d", i))
			in.Role = c.role
			_, err := c.users.Create(t.Context(), c.actor, in, "")
			if c.want == 0 {
				require.NoError(t, err, "case %d", i)
			} else {
				require.Equal(t, c.want, apperr.KindOf(err), "case %d: %v", i, err)
			}
		}
	})
}

func TestTakenNameOrEmailIsConflictWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		u := NewUsers(d, UsersOptions{Hasher: hasher})
		_, err := u.Create(t.Context(), nil, gildong(), "")
		require.NoError(t, err)
		sameName, sameEmail := named("x"), named("y")
		sameName.Username, sameEmail.Email = "GilDong", "GILDONG@Email.com"
		for _, in := range []NewUser{sameName, sameEmail} {
			_, err := u.Create(t.Context(), admin, in, "")
			e, ok := apperr.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, apperr.Conflict, e.Kind)
			require.Equal(t, "username or email is already taken", e.Msg)
		}
	})
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	u := NewUsers(nil, UsersOptions{Hasher: hasher})
	err := u.checkNew(NewUser{Username: "-", Password: "12345", FullName: "", Email: "nobody", Role: "king"})
	require.Equal(t, apperr.Invalid, apperr.KindOf(err))
	for _, field := range []string{"username", "password", "full_name", "email", "role"} {
		require.ErrorContains(t, err, field+": ")
	}
	require.NotContains(t, err.Error(), "12345")
}

func TestFieldLimits(t *testing.T) {
	t.Parallel()
	u := NewUsers(nil, UsersOptions{Hasher: hasher})
	for _, c := range []struct {
		field string
		set   func(*NewUser, string)
		good  []string
		bad   []string
	}{
		{
			"username", func(n *NewUser, s string) { n.Username = s },
			[]string{"a", "7", "a.b_c-d", strings.Repeat("a", 64)},
			[]string{"", ".a", "-a", "_a", "a b", "a/b", "a\x00", "a\n", "길동", strings.Repeat("a", 65), "a'--"},
		},
		{
			"password", func(n *NewUser, s string) { n.Password = s },
			[]string{"123123", strings.Repeat("x", 1024), "비밀", "a\x00bcde"},
			[]string{"", "12345", strings.Repeat("x", 1025)},
		},
		{
			"full_name", func(n *NewUser, s string) { n.FullName = s },
			[]string{"a", strings.Repeat("길", 200)},
			[]string{"", strings.Repeat("길", 201), "a\x00", "a\r\nb", "\x1b[31m", "\xff"},
		},
		{
			"email", func(n *NewUser, s string) { n.Email = s },
			[]string{"a@b", "first.last+tag@example.com"},
			[]string{"", "a", "a@", "@b", "A <a@b>", "a@b, c@d", "<a@b>", " a@b", "a@b\n", strings.Repeat("a", 251) + "@b.c"},
		},
	} {
		for _, s := range c.good {
			in := gildong()
			c.set(&in, s)
			require.NoError(t, u.checkNew(in), "%s %q", c.field, s)
		}
		for _, s := range c.bad {
			in := gildong()
			c.set(&in, s)
			require.ErrorContains(t, u.checkNew(in), c.field+": ", "%s %q", c.field, s)
		}
	}
}

func TestStrictPolicyRefusesCommonPasswords(t *testing.T) {
	t.Parallel()
	u := NewUsers(nil, UsersOptions{Hasher: hasher, PasswordStrict: true})
	for _, bad := range []string{
		"1234567", "password", "Password1!", "PASSW0RD", "12345678", "87654321", "aaaaaaaa", "abababab", "abcabcabcab",
		"qwertyuiop", "iloveyou2", "Gildong2026", "gildong!!", "abcdefghij", "letmein123",
	} {
		require.NotEmpty(t, u.checkPassword(bad, "gildong"), bad)
	}
	for _, good := range []string{"tiny bright otters", "kX9-mmq2", "사과나무", "correcthorsebattery"} {
		require.Empty(t, u.checkPassword(good, "gildong"), good)
	}
}

func TestBootstrapMakesTheFirstAdminOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "password")
		require.NoError(t, os.WriteFile(file, []byte("from a file\n"), 0o600))
		u := NewUsers(d, UsersOptions{Hasher: hasher, SetupToken: "unused here"})
		need, err := u.NeedsSetup(t.Context())
		require.NoError(t, err)
		require.True(t, need)
		var wg sync.WaitGroup
		var made atomic.Int32
		for range 5 {
			wg.Go(func() {
				created, err := NewUsers(d, UsersOptions{Hasher: hasher}).Bootstrap(t.Context(), "boss", file)
				if err != nil {
					t.Error(err)
				}
				if created {
					made.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, made.Load())
		row, err := d.Queries().GetUserByName(t.Context(), "boss")
		require.NoError(t, err)
		require.Equal(t, string(RoleAdmin), row.Role)
		match, _, err := u.hasher.Check(t.Context(), "from a file", row.PasswordHash)
		require.NoError(t, err)
		require.True(t, match, "the line break is no part of it")
		created, err := u.Bootstrap(t.Context(), "other", filepath.Join(t.TempDir(), "missing"))
		require.NoError(t, err, "nothing is read when there is a user")
		require.False(t, created)
	})
}
