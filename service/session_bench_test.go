package service

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/token"
)

// BenchmarkAuthenticate compares the costs of authenticating a request: only verifying the token, with the cached session, and
// with a database query each time.
func BenchmarkAuthenticate(b *testing.B) {
	sources := map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteSource}
	if !testing.Short() {
		sources["postgres"] = dbtest.PostgresSource
	}
	for engine, source := range sources {
		b.Run(engine, func(b *testing.B) {
			d := dbtest.Open(b, source(b))
			maker := newMaker(b)
			remembering := NewSessions(d, maker, SessionsOptions{Hasher: hasher})
			asking := NewSessions(d, maker, SessionsOptions{Hasher: hasher, Lease: -1})
			_, err := NewUsers(d, UsersOptions{Hasher: hasher}).AddFromCLI(b.Context(), gildong())
			require.NoError(b, err)
			l, err := remembering.Login(b.Context(), "gildong", "123123", Client{})
			require.NoError(b, err)
			b.Run("token", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := maker.Verify(l.AccessToken, token.Access); err != nil {
						b.Fatal(err)
					}
				}
			})
			for name, s := range map[string]*Sessions{"remembered": remembering, "asked": asking} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, err := s.Authenticate(b.Context(), l.AccessToken); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
