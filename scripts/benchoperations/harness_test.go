package benchoperations

import (
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

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_OPERATIONS")) }

// fixture is a wharf with some engines, and a client with an admin's key.
type fixture struct {
	*benchkit.Process
	client *client.Client
	key    string // of the client
}

// newFixture starts a wharf with hosts, such as "a=unix:///…,b=…".
func newFixture(t *testing.T, hosts string, settings ...string) *fixture {
	t.Helper()
	dir := t.TempDir()
	password := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(password, []byte("a password of the benchmark"), 0o600))
	f := &fixture{Process: benchkit.Wharf(t, append(settings, "DOCKER_HOSTS="+hosts, "ADMIN_USERNAME=admin", "ADMIN_PASSWORD_FILE="+password)...)}
	login := client.New(f.URL(), client.Options{Username: "admin", Password: "a password of the benchmark", Tries: 20})
	var key dto.APIKey
	require.Eventually(t, func() bool { // the first user needs the schema, which may be later than the first answer
		var err error
		key, err = login.AddKey(t.Context(), dto.NewAPIKey{Name: "benchmark", Role: "admin"})
		return err == nil
	}, time.Minute, 100*time.Millisecond)
	f.key = key.Key
	f.client = client.New(f.URL(), client.Options{Token: key.Key, Tries: 1})
	return f
}

// docker runs Docker's command line against an engine and returns what it printed.
func docker(t *testing.T, e dockertest.Engine, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", append([]string{"-H", e.Addr}, args...)...).Output() // warnings go to stderr
	require.NoError(t, err, "docker %s: %s", strings.Join(args, " "), out)
	return strings.TrimSpace(string(out))
}

// moment parses a time in an engine's inspect.
func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return at
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
