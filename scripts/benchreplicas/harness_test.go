package benchreplicas

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_REPLICAS")) }

// fleet is a database, fake engines, and the replicas that use them. Each replica reaches a Postgres through its own relay, and with
// cuttable each engine, too.
type fleet struct {
	t        testing.TB
	source   string
	daemons  []*dockertest.Daemon
	cuttable bool
	spare    int // the number of last engines that are in no replica's settings at first
	settings []string
	replicas []*replica
}

// replica is a wharf process and its relays.
type replica struct {
	*benchkit.Process
	name     string
	database *dockertest.Proxy
	hosts    []*dockertest.Proxy // nil unless the fleet is cuttable
	entries  []string            // of its hosts file, one per host
	file     string
}

// newFleet starts engines with containers, of which the first tls speak TLS, and a Postgres.
func newFleet(t testing.TB, hosts, tls, containers int, settings ...string) *fleet {
	t.Helper()
	return newFleetOn(t, dbtest.PostgresSource(t), hosts, tls, containers, settings...)
}

func newFleetOn(t testing.TB, source string, hosts, tls, containers int, settings ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, source: source, settings: settings}
	for n := range hosts {
		d := newDaemon(t, n < tls)
		for c := range containers {
			d.Add(dockertest.Container{Name: fmt.Sprintf("c%d-%d", n, c), State: "running", Labels: map[string]string{"com.docker.compose.project": fmt.Sprint("p", c%10)}})
		}
		d.Emit(dockertest.NewMessage("volume", "create", "anchor", map[string]string{}))
		f.daemons = append(f.daemons, d)
	}
	return f
}

func newDaemon(t testing.TB, tls bool) *dockertest.Daemon {
	if tls {
		return dockertest.NewTLSDaemon(t)
	}
	return dockertest.NewDaemon(t)
}

// start starts another replica.
func (f *fleet) start() *replica {
	f.t.Helper()
	r := &replica{name: fmt.Sprint("replica-", len(f.replicas))}
	for n := range f.daemons {
		r.entries = append(r.entries, f.entry(r, n))
	}
	r.file = f.t.TempDir() + "/hosts.yaml"
	r.writeHosts(f.t, r.entries[:len(f.daemons)-f.spare])
	r.Process = benchkit.Wharf(f.t, append([]string{
		"DB_SOURCE=" + f.databaseOf(r), "HOSTS_FILE=" + r.file, "AUTH_MODE=open", "ALLOW_OPEN_NETWORK=true", "TRUSTED_PROXIES=127.0.0.1",
		"ANON_ROLE=admin", "MAX_STREAMS=100000", "STATS_SOURCE=engine",
	}, f.settings...)...)
	f.t.Cleanup(func() {
		if log := r.Log(); f.t.Failed() {
			f.t.Logf("%s: … %s", r.name, log[max(len(log)-4000, 0):])
		}
	})
	f.replicas = append(f.replicas, r)
	r.awaitReady(f.t)
	return r
}

func (f *fleet) onSQLite() bool { return strings.HasPrefix(f.source, "sqlite:") }

// databaseOf returns the database's source through the replica's relay.
func (f *fleet) databaseOf(r *replica) string {
	f.t.Helper()
	if f.onSQLite() {
		return f.source
	}
	u, err := url.Parse(f.source)
	require.NoError(f.t, err)
	r.database = dockertest.NewProxy(f.t, "tcp", u.Host)
	u.Host = r.database.Addr()
	q := u.Query()
	q.Set("application_name", r.name)
	u.RawQuery = q.Encode()
	return u.String()
}

// awaitReady waits until the replica reports that it is ready.
func (r *replica) awaitReady(t testing.TB) {
	t.Helper()
	await(t, "ready", time.Minute, func() bool {
		resp, err := http.Get(r.URL() + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// writeHosts replaces a replica's hosts file by one with the entries, as an editor does.
func (r *replica) writeHosts(t testing.TB, entries []string) {
	t.Helper()
	text := "hosts:\n" + strings.Join(entries, "")
	require.NoError(t, os.WriteFile(r.file+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(r.file+".new", r.file))
}

// entry returns a host's entry in a replica's hosts file, with the address through the replica's relay.
func (f *fleet) entry(r *replica, n int) string {
	d := f.daemons[n]
	addr := d.Addr()
	if f.cuttable {
		p := dockertest.NewProxy(f.t, "tcp", strings.TrimPrefix(addr, "tcp://"))
		r.hosts = append(r.hosts, p)
		addr = "tcp://" + p.Addr()
	}
	certs := ""
	if d.CertDir() != "" {
		certs = fmt.Sprintf(", certs: %q", d.CertDir())
	}
	return fmt.Sprintf("  - {name: h%04d, addr: %q%s}\n", n, addr, certs)
}

// streams returns how many event streams all engines have, and the largest number at one engine.
func (f *fleet) streams() (sum, most int) {
	for _, d := range f.daemons {
		n := d.Streams()
		sum, most = sum+n, max(most, n)
	}
	return sum, most
}

// connections returns how many connections all engines have.
func (f *fleet) connections() (sum int) {
	for _, d := range f.daemons {
		sum += d.Connections()
	}
	return sum
}

// awaitReaders waits until each engine has one reader, and the replicas have equal shares.
func (f *fleet) awaitReaders(limit time.Duration) {
	f.t.Helper()
	alive := 0
	for _, r := range f.replicas {
		if r.Running() {
			alive++
		}
	}
	await(f.t, "each engine has one reader", limit, func() bool {
		sum, most := f.streams()
		hosts := len(f.daemons) - f.spare
		if sum != hosts || most != 1 || f.onSQLite() {
			return sum == hosts && most == 1
		}
		owners, least := f.number("SELECT count(DISTINCT owner) FROM host_leases WHERE owner <> ''"),
			f.number("SELECT coalesce(min(n), 0) FROM (SELECT count(*) AS n FROM host_leases WHERE owner <> '' GROUP BY owner) AS shares")
		return int(owners) == min(alive, hosts) && int(least) >= hosts/alive
	})
}

// number returns the number that a query returns.
func (f *fleet) number(query string) int64 {
	f.t.Helper()
	n, err := strconv.ParseInt(dbtest.Text(f.t, f.source, query), 10, 64)
	require.NoError(f.t, err)
	return n
}

func await(t testing.TB, what string, limit time.Duration, f func() bool) {
	t.Helper()
	require.Eventually(t, f, limit, 5*time.Millisecond, what)
}

// follow starts a client of a stream of events; roots are the server's, nil for plain HTTP.
func follow(address string, roots *x509.CertPool, onFrame func(benchkit.Frame)) *benchkit.Follower {
	return benchkit.Follow(address, roots, 20*time.Millisecond, onFrame)
}

// rest waits while a measurement runs.
func rest(d time.Duration) { <-time.After(d) }

// get returns the body of an answer with status 200, and how long it took.
func get(t testing.TB, address string) ([]byte, time.Duration) {
	t.Helper()
	began := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
	return body, time.Since(began)
}

func percentile(d []time.Duration, p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(int(p*float64(len(d))), len(d)-1)]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
