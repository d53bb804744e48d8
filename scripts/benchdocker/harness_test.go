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
	f.Process, f.key = benchkit.WithAdmin(t, "DOCKER_HOSTS=bench="+e.Addr)
	f.client = client.New(f.URL(), client.Options{Username: "admin", Password: benchkit.Password, Tries: 20})
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
