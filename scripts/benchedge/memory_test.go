package benchedge

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// limit is how long the server may keep a client that reads nothing: 10 s without progress, plus delays of a busy machine.
const limit = 90 * time.Second

// slack is by how many the open descriptors vary anyway: connections of other callers, and to the database.
const slack = 15

// stuck is connections that send a request and never read.
type stuck struct {
	server *server
	conns  []net.Conn
	before int // open descriptors of the server before

	sending sync.WaitGroup
}

func (s *server) stuck() *stuck { return &stuck{server: s, before: s.Descriptors()} }

func (k *stuck) hangUp() {
	for _, c := range k.conns {
		_ = c.Close()
	}
	k.sending.Wait()
}

// open dials n connections, sends text on each and never reads.
func (k *stuck) open(n int, text string) {
	s := k.server
	s.t.Helper()
	for range n {
		conn, err := net.Dial("tcp", s.Addr)
		require.NoError(s.t, err)
		require.NoError(s.t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
		k.conns = append(k.conns, conn)
		_ = conn.SetWriteDeadline(time.Now().Add(limit))
		k.sending.Go(func() { _, _ = io.WriteString(conn, text) })
	}
}

func asTimeout(err error, into *net.Error) bool {
	n, ok := err.(net.Error) //nolint:errorlint // net.Conn returns it unwrapped
	*into = n
	return ok && n.Timeout()
}

// attackMemory runs one attack and adds its row to the table.
func (s *server) attackMemory(name, what, before string, attack func() string) {
	s.t.Helper()
	calm := s.calm(2 * time.Second)
	s.ResetPeak()
	var seen string
	p99, failed := s.beside(func() { seen = attack() })
	peak := s.peak()
	benchkit.Figure(what+", "+name, before, "%.0f MiB resident at most; %s; others' p99 %.1f ms (%.1f before, %d failed)",
		peak, seen, ms(p99), ms(calm), failed)
	benchkit.Within(s.t, failed == 0, what+": others fail")
	benchkit.Within(s.t, peak*mib <= residentLimit, what+": too much memory")
}

// Clients that send requests and don't read, each in its own way, against one process.
func TestMemoryOfClientsThatDoNotRead(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		d := dockertest.NewDaemon(t)
		fillEvents(t, source, benchkit.Size(2_000, 300_000), 400)
		s := wharf(t, source, "DOCKER_HOSTS=h="+d.Addr(), "ALLOW_PLAIN_TCP=true")
		// An admin: long values of events are masked for others, whose pages are short.
		reader := s.Person("reader", "admin")
		ask := "GET /v1/events?limit=1000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n"
		n := benchkit.Size(20, 500)

		s.attackMemory(name, fmt.Sprintf("%d connections of one reader ask for large pages and don't read", n),
			"2.6 GB, 125 still open after 155 s; ≤ 300 MiB, none after 10 s", func() string {
				k := s.stuck()
				defer k.hangUp()
				k.open(n, fmt.Sprintf(ask, reader))
				return k.report()
			})
		var many []string
		for i := range benchkit.Size(3, 25) {
			many = append(many, s.Person(fmt.Sprint("reader", i), "admin"))
		}
		s.attackMemory(name, fmt.Sprintf("the same by %d readers, 20 connections each", len(many)), "≤ 300 MiB", func() string {
			k := s.stuck()
			defer k.hangUp()
			for _, token := range many {
				k.open(benchkit.Size(4, 20), fmt.Sprintf(ask, token))
			}
			return k.report()
		})
		n = benchkit.Size(20, 300)
		s.attackMemory(name, fmt.Sprintf("%d strangers pipeline /healthz and don't read", n), "never closed; closed after 10 s", func() string {
			k := s.stuck()
			defer k.hangUp()
			k.open(n, strings.Repeat("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 5_000))
			return k.report()
		})
		n = benchkit.Size(50, 5000)
		s.attackMemory(name, fmt.Sprintf("%d stream clients that don't read, 60 MiB of events", n), "780 MB; ≤ 300 MiB", func() string {
			k := s.stuck()
			defer k.hangUp()
			k.open(n, fmt.Sprintf("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", s.Admin))
			for range benchkit.Size(20, 600) {
				d.Emit(dockertest.NewMessage("container", "start", "c1", map[string]string{"long": strings.Repeat("x", 100_000)}))
				time.Sleep(5 * time.Millisecond)
			}
			return k.report()
		})
	})
}

// report waits until the server has closed all connections that it doesn't owe an answer. It counts the server's descriptors: a
// client that doesn't read can't notice that its connection is closed.
func (k *stuck) report() string {
	began := time.Now()
	time.Sleep(time.Second) // otherwise none may be open yet
	open := func() int { return max(0, k.server.Descriptors()-k.before-slack) }
	for open() > 0 && time.Since(began) < limit {
		time.Sleep(100 * time.Millisecond)
	}
	left := open()
	benchkit.Within(k.server.t, left == 0, "connections stay open")
	return fmt.Sprintf("%d of %d open after %.0f s", left, len(k.conns), time.Since(began).Seconds())
}

// HTTP/2 connections that grant no window, with the maximum number of streams.
func TestMemoryOfH2WithoutAWindow(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		cert, key := certificate(t)
		p := benchkit.Wharf(t, "DB_SOURCE="+source, "DOCKER_HOSTS=h=unix:///nowhere.sock", "TLS_CERT_FILE="+cert, "TLS_KEY_FILE="+key)
		s := overTLS(t, p)
		conns := benchkit.Size(5, 100)
		s.attackMemory(name, fmt.Sprintf("%d connections of HTTP/2 × 100 streams without a window", conns), "never closed; reset after 10 s", func() string {
			resets := 0
			var mu sync.Mutex
			var all sync.WaitGroup
			for range conns {
				conn, err := benchkit.DialH2(s.Addr, 0, limit)
				require.NoError(t, err)
				defer conn.Close()
				for i := range uint32(100) {
					require.NoError(t, conn.Ask(2*i+1, "GET", "/healthz", "", false))
				}
				all.Go(func() {
					for n := 0; n < 100; {
						f, err := conn.Next()
						if err != nil {
							return
						}
						if f.Type == benchkit.H2Reset {
							n++
							mu.Lock()
							resets++
							mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			benchkit.Within(t, resets == conns*100, "streams stay open")
			return fmt.Sprintf("%d of %d streams reset", resets, conns*100)
		})
	})
}
