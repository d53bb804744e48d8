package benchterminal

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/client"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_TERMINAL")) }

// fixture is a wharf with one engine, a container in it and an admin's client.
type fixture struct {
	*benchkit.Process
	engine    dockertest.Engine
	container string
	client    *client.Client
	key       string
}

func newFixture(t *testing.T, mounts ...string) *fixture {
	t.Helper()
	e := dockertest.DefaultEngine(t)
	f := &fixture{engine: e, container: e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Mounts: mounts})}
	f.Process, f.key = benchkit.WithAdmin(t, "DOCKER_HOSTS=bench="+e.Addr, "EXEC_PER_USER=1000", "EXEC_MAX=1000")
	f.client = client.New(f.URL(), client.Options{Token: f.key, Tries: 20})
	f.Kill() // otherwise the memory of the password's hash would count as the terminals'
	f.Start()
	return f
}

// goroutines returns how many goroutines wharf has.
func (f *fixture) goroutines(t *testing.T) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, f.URL()+"/metrics", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+f.key)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_, value, found := strings.Cut(string(text), "\ngo_goroutines ")
	require.True(t, found, "%s", text)
	value, _, _ = strings.Cut(value, "\n")
	n, err := strconv.Atoi(value)
	require.NoError(t, err)
	return n
}
