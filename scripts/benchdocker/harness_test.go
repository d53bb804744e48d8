package benchdocker

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_DOCKER")) }

// fixture is a wharf with one engine, and Docker's CLI set up for both.
type fixture struct {
	*benchkit.Process
	engine dockertest.Engine
	client *client.Client // of an admin
	key    string         // of an admin, for the typed tier
	config string         // configuration of the docker command, with the key
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	e := dockertest.DefaultEngine(t)
	f := &fixture{engine: e, config: t.TempDir()}
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("a password of the benchmark"), 0o600))
	f.Process = benchkit.Wharf(t, "DOCKER_HOSTS=bench="+e.Addr, "ADMIN_USERNAME=admin", "ADMIN_PASSWORD_FILE="+password)
	f.client = client.New(f.URL(), client.Options{Username: "admin", Password: "a password of the benchmark", Tries: 20})
	listening := func() bool { return f.client.Readyz(t.Context()) == nil }
	require.Eventually(t, listening, time.Minute, 10*time.Millisecond, "it listens before it has its admin")
	key, err := f.client.AddKey(t.Context(), dto.NewAPIKey{Name: "benchmark", Role: "admin"})
	require.NoError(t, err)
	f.key = key.Key
	config, err := json.Marshal(map[string]any{"HttpHeaders": map[string]string{"Authorization": "Bearer " + f.key}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(f.config, "config.json"), config, 0o600))
	return f
}

// docker returns a docker command, on the engine directly or through wharf.
func (f *fixture) docker(t *testing.T, through bool, args ...string) *exec.Cmd {
	t.Helper()
	where := []string{"--config", t.TempDir(), "-H", f.engine.Addr}
	if through {
		where = []string{"--config", f.config, "-H", "tcp://" + strings.TrimPrefix(f.URL(), "http://") + "/docker/bench"}
	}
	cmd := exec.CommandContext(t.Context(), "docker", append(where, args...)...) //nolint:gosec // the arguments are ours
	cmd.Stderr = os.Stderr
	return cmd
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
