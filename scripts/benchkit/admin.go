package benchkit

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
)

// WithAdmin is Wharf with an admin from the start. It returns when wharf is ready, with an API key of the admin.
func WithAdmin(t testing.TB, settings ...string) (p *Process, key string) {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte(Password), 0o600))
	p = Wharf(t, append(settings, "ADMIN_USERNAME=admin", "ADMIN_PASSWORD_FILE="+password)...)
	login := client.New(p.URL(), client.Options{Username: "admin", Password: Password, Tries: 20})
	ready := func() bool { return login.Readyz(t.Context()) == nil }
	require.Eventually(t, ready, time.Minute, 10*time.Millisecond, "it listens before it has its admin")
	added, err := login.AddKey(t.Context(), dto.NewAPIKey{Name: "benchmark", Role: "admin"})
	require.NoError(t, err)
	return p, added.Key
}
