package service

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
)

// The setup token that one replica printed is valid on all replicas and after restarts, until there is a user.
func TestSetupTokenIsTheDatabases(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		replicas := []*Users{NewUsers(d, UsersOptions{Hasher: hasher, SetupToken: "first"}), NewUsers(d, UsersOptions{Hasher: hasher, SetupToken: "second"})}
		for _, u := range replicas {
			token, err := u.SetupToken(t.Context())
			require.NoError(t, err)
			require.Equal(t, "first", token)
		}
		in := NewUser{Username: "gildong", Password: "123123", FullName: "x", Email: "a@example.org"}
		_, err := replicas[1].Create(t.Context(), nil, in, "second")
		requireKind(t, apperr.Forbidden, err)
		_, err = replicas[1].Create(t.Context(), nil, in, "first")
		require.NoError(t, err)
		_, err = d.Queries().GetSetupToken(t.Context())
		require.True(t, db.IsNoRows(err), "it is used up")
	})
}
