package benchoperations

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	f := &fixture{}
	f.Process, f.key = benchkit.WithAdmin(t, append(settings, "DOCKER_HOSTS="+hosts)...)
	f.client = client.New(f.URL(), client.Options{Token: f.key, Tries: 1})
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
