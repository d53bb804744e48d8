package db_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

// gate is a proxy to a Postgres that simulates its failures: it refuses or cuts connections, or forwards nothing.
type gate struct {
	t       *testing.T
	target  string
	addr    string
	mu      sync.Mutex
	ln      net.Listener
	conns   map[net.Conn]struct{}
	silent  chan struct{} // closed while the gate lets bytes through
	serving sync.WaitGroup
	loses   atomic.Bool // drop the next answer to a statement that has run
}

// newGate returns a gate and the source for connections through it.
func newGate(t *testing.T) (g *gate, source string) {
	t.Helper()
	u, err := url.Parse(dbtest.PostgresSource(t))
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g = &gate{t: t, target: u.Host, addr: ln.Addr().String(), conns: map[net.Conn]struct{}{}, silent: make(chan struct{})}
	close(g.silent)
	require.NoError(t, ln.Close())
	t.Cleanup(func() {
		g.speak()
		g.away()
		g.serving.Wait()
	})
	u.Host = g.addr
	return g, u.String()
}

// back accepts connections again.
func (g *gate) back() {
	ln, err := net.Listen("tcp", g.addr)
	require.NoError(g.t, err)
	g.mu.Lock()
	g.ln = ln
	g.mu.Unlock()
	g.serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			g.serving.Go(func() { g.serve(c) })
		}
	})
}

func (g *gate) serve(client net.Conn) {
	server, err := net.Dial("tcp", g.target)
	if err != nil {
		_ = client.Close()
		return
	}
	g.mu.Lock()
	g.conns[client], g.conns[server] = struct{}{}, struct{}{}
	g.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { g.pass(server, client) })
	both.Go(func() { g.pass(client, server) })
	both.Wait()
}

func (g *gate) pass(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		g.mu.Lock()
		open := g.silent
		g.mu.Unlock()
		<-open
		if n > 0 && buf[0] == '2' && g.loses.CompareAndSwap(true, false) { // a statement has run
			_ = to.(*net.TCPConn).SetLinger(0)
			return
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// away cuts every connection and refuses new ones.
func (g *gate) away() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ln != nil {
		_ = g.ln.Close()
	}
	for c := range g.conns {
		_ = c.Close()
	}
	clear(g.conns)
}

// hush keeps connections open but forwards nothing.
func (g *gate) hush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent = make(chan struct{})
}

func (g *gate) speak() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.silent:
	default:
		close(g.silent)
	}
}

// soon is far above the bounds that the package guarantees, for busy machines, and far below TCP's timeouts of minutes.
const soon = 15 * time.Second

// patient is a timeout that even a busy machine doesn't reach, for tests that aren't about timeouts.
var patient = db.Options{Timeout: 2 * time.Minute}

// crowd runs a query from many concurrent requests, and returns the duration of the slowest and the number of failures.
func crowd(t *testing.T, d *db.DB) (slowest time.Duration, failed int) {
	t.Helper()
	const n = 50
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			began := time.Now()
			var err error
			if i%2 == 0 {
				_, err = d.Queries().CountUsers(t.Context())
			} else {
				err = d.InTx(t.Context(), func(q *sqlc.Queries) error {
					_, err := q.CountUsers(t.Context())
					return err
				})
			}
			took := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			slowest = max(slowest, took)
			if err != nil {
				t.Logf("after %s: %v", took, err)
				failed++
			}
		})
	}
	wg.Wait()
	return slowest, failed
}

// requireBack fails the test unless all queries of a crowd succeed again. It retries, since on a busy machine some queries of
// the first crowds may time out.
func requireBack(t *testing.T, d *db.DB) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, failed := crowd(t, d)
		return failed == 0
	}, 2*time.Minute, 10*time.Millisecond)
}

func TestWaitReadyWaitsForAPostgresThatIsAway(t *testing.T) {
	t.Parallel()
	g, source := newGate(t)
	d := open(t, source, db.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.WaitReady(ctx), context.Canceled)

	require.Error(t, d.Ping(t.Context()))
	ready := make(chan error, 1)
	go func() { ready <- d.WaitReady(t.Context()) }()
	g.back()
	require.NoError(t, <-ready)
	require.NoError(t, d.Migrate(t.Context()))
}

func TestPostgresThatDiesGivesErrorsAndComesBack(t *testing.T) {
	t.Parallel()
	g, source := newGate(t)
	g.back()
	d := open(t, source, patient)
	_, failed := crowd(t, d)
	require.Zero(t, failed)
	g.away()
	slowest, failed := crowd(t, d)
	require.Equal(t, 50, failed)
	require.Less(t, slowest, soon)
	g.back()
	requireBack(t, d)
}

// TestSilentPostgresGivesErrorsInTime simulates a failure that TCP takes minutes to detect. The default timeout of 3 s also
// applies to requests that queue for a connection.
func TestSilentPostgresGivesErrorsInTime(t *testing.T) {
	t.Parallel()
	g, source := newGate(t)
	g.back()
	d := open(t, source, db.Options{MaxConns: 5})
	requireBack(t, d)
	g.hush()
	for range 2 { // with existing connections, and without
		slowest, failed := crowd(t, d)
		require.Equal(t, 50, failed)
		require.Less(t, slowest, soon)
	}
	g.speak()
	requireBack(t, d)
}

func TestPostgresThatGoesSilentBeforeACommitIsAnError(t *testing.T) {
	t.Parallel()
	g, source := newGate(t)
	g.back()
	d := open(t, source, db.Options{Timeout: 5 * time.Second})
	requireBack(t, d) // opens the connections, so that the insert is quick
	err := d.InTx(t.Context(), func(q *sqlc.Queries) error {
		require.NoError(t, q.CreateUser(t.Context(), newUser("a", db.Time(time.Now()))))
		g.hush()
		return nil
	})
	require.Error(t, err)
	g.speak()
	requireBack(t, d)
}

func TestConnectionsThatTheServerEndedAreReplaced(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	// Few connections, so that few dials run concurrently: each has a timeout of 2 s.
	d := open(t, source, db.Options{Timeout: patient.Timeout, MaxConns: 5})
	raw, err := sql.Open("postgres", source)
	require.NoError(t, err)
	defer func() { require.NoError(t, raw.Close()) }()
	for range 30 {
		_, failed := crowd(t, d)
		require.Zero(t, failed, "whatever the server ended while it was idle")
		_, err = raw.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		require.NoError(t, err)
	}
}

// Two transactions that lock two rows in opposite order deadlock: Postgres aborts one, which is run again.
func TestDeadlockedTransactionsAreRunAgain(t *testing.T) {
	t.Parallel()
	d := open(t, dbtest.PostgresSource(t), patient)
	lock := func(q *sqlc.Queries, name string) error {
		_, err := q.RaiseCounter(t.Context(), name)
		return err
	}
	var both, wg sync.WaitGroup
	both.Add(2)
	for _, order := range [][]string{{"users", "events"}, {"events", "users"}} {
		wg.Go(func() {
			met := sync.OnceFunc(func() {
				both.Done()
				both.Wait()
			})
			err := d.InTx(t.Context(), func(q *sqlc.Queries) error {
				if err := lock(q, order[0]); err != nil {
					return err
				}
				met()
				return lock(q, order[1])
			})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
}

// If the default isolation of a database or role is serializable, concurrent statements would fail.
func TestIsolationIsReadCommittedWhateverTheDefault(t *testing.T) {
	t.Parallel()
	for _, whose := range []string{"DATABASE", "ROLE"} {
		t.Run(whose, func(t *testing.T) {
			t.Parallel()
			source := dbtest.PostgresSource(t)
			raw, err := sql.Open("postgres", source)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, raw.Close()) })
			u, err := url.Parse(source)
			require.NoError(t, err)
			name := strings.TrimPrefix(u.Path, "/")
			if whose == "ROLE" {
				name = "wharf_test_role_" + strings.ToLower(rand.Text())
				_, err = raw.Exec(`CREATE ROLE ` + name + ` LOGIN SUPERUSER PASSWORD 'secret'`)
				require.NoError(t, err)
				t.Cleanup(func() {
					_, err := raw.Exec(`DROP ROLE ` + name)
					require.NoError(t, err)
				})
				u.User = url.UserPassword(name, "secret")
			}
			_, err = raw.Exec(`ALTER ` + whose + ` "` + name + `" SET default_transaction_isolation = serializable`)
			require.NoError(t, err)
			d := open(t, u.String(), patient)
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					assert.NoError(t, d.InTx(t.Context(), func(q *sqlc.Queries) error {
						_, err := q.RaiseCounter(t.Context(), "users")
						return err
					}))
					_, err := d.Queries().RaiseCounter(t.Context(), "users")
					assert.NoError(t, err)
				})
			}
			wg.Wait()
			require.Zero(t, d.Retries(), "nothing had to be run again")
		})
	}
}

// A write whose answer is lost may have taken effect: it returns an error and isn't sent again.
func TestWriteWhoseAnswerIsLostIsNotSentAgain(t *testing.T) {
	t.Parallel()
	g, source := newGate(t)
	g.back()
	d := open(t, source, db.Options{Timeout: time.Minute})
	for range 5 {
		before, err := d.Queries().GetCounter(t.Context(), "users")
		require.NoError(t, err)
		g.loses.Store(true)
		_, err = d.Queries().RaiseCounter(t.Context(), "users")
		require.Equal(t, apperr.Away, apperr.KindOf(err), "%v", err)
		after, err := d.Queries().GetCounter(t.Context(), "users")
		require.NoError(t, err)
		require.Equal(t, before+1, after)

		g.loses.Store(true) // inside a transaction nothing takes effect before the commit
		require.NoError(t, d.InTx(t.Context(), func(q *sqlc.Queries) error {
			_, err := q.RaiseCounter(t.Context(), "users")
			return err
		}))
		again, err := d.Queries().GetCounter(t.Context(), "users")
		require.NoError(t, err)
		require.Equal(t, after+1, again)
	}
}
