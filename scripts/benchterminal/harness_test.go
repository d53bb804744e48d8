package benchterminal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_TERMINAL")) }

// fixture is a wharf of one engine, a container in it and an admin's client.
type fixture struct {
	*benchkit.Process
	engine    dockertest.Engine
	container string
	client    *client.Client
}

func newFixture(t *testing.T, mounts ...string) *fixture {
	t.Helper()
	e := dockertest.DefaultEngine(t)
	f := &fixture{engine: e, container: e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Mounts: mounts})}
	dir := t.TempDir()
	password := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(password, []byte("a password of the benchmark"), 0o600))
	f.Process = benchkit.Wharf(t, "DOCKER_HOSTS=bench="+e.Addr, "EXEC_PER_USER=1000", "EXEC_MAX=1000",
		"ADMIN_USERNAME=admin", "ADMIN_PASSWORD_FILE="+password)
	login := client.New(f.URL(), client.Options{Username: "admin", Password: "a password of the benchmark", Tries: 20})
	key, err := login.AddKey(t.Context(), dto.NewAPIKey{Name: "benchmark", Role: "admin"})
	require.NoError(t, err)
	f.client = client.New(f.URL(), client.Options{Token: key.Key, Tries: 20})
	f.Kill() // what the password's hash took would pass for the terminals'
	f.Start()
	return f
}
