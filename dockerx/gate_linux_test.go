package dockerx

import (
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gate is a port that forwards to a daemon. The daemon can be exchanged, and the port closed.
type gate struct {
	addr string
	mu   sync.Mutex
	to   string
	l    net.Listener
	open map[net.Conn]struct{}
	all  sync.WaitGroup
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	g := &gate{open: map[net.Conn]struct{}{}}
	g.addr = closedPort(t)
	g.lead(t, to)
	t.Cleanup(g.shut)
	return g
}

// lead makes new connections go to an address. It opens the port if it is closed.
func (g *gate) lead(t *testing.T, to string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.to = strings.TrimPrefix(to, "tcp://")
	if g.l == nil {
		l, err := net.Listen("tcp", g.addr)
		require.NoError(t, err)
		g.serve(l)
	}
}

func (g *gate) serve(l net.Listener) {
	g.l = l
	g.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.all.Go(func() { g.relay(c) })
		}
	})
}

func (g *gate) relay(c net.Conn) {
	g.mu.Lock()
	to := g.to
	g.mu.Unlock()
	s, err := net.Dial("tcp", to)
	if err != nil {
		_ = c.Close()
		return
	}
	g.mu.Lock()
	g.open[c], g.open[s] = struct{}{}, struct{}{}
	g.mu.Unlock()
	g.all.Go(func() { _, _ = io.Copy(s, c); _ = s.Close() })
	_, _ = io.Copy(c, s)
	_ = c.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c)
	delete(g.open, s)
}

// cut closes all open connections.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.open {
		_ = c.Close()
	}
}

// shut closes the port and all open connections.
func (g *gate) shut() {
	g.mu.Lock()
	if g.l != nil {
		_ = g.l.Close()
		g.l = nil
	}
	g.mu.Unlock()
	g.cut()
	g.all.Wait()
}

// blackhole makes connecting to the port time out: its queue of connections is full, and none is accepted. heal ends that.
func (g *gate) blackhole(t *testing.T) (heal func()) {
	t.Helper()
	g.shut()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	addr, err := net.ResolveTCPAddr("tcp", g.addr)
	require.NoError(t, err)
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}))
	require.NoError(t, syscall.Listen(fd, 0))
	var fill []net.Conn
	for {
		c, err := net.DialTimeout("tcp", g.addr, 200*time.Millisecond)
		if err != nil {
			break
		}
		fill = append(fill, c)
	}
	return func() {
		for _, c := range fill {
			_ = c.Close()
		}
		f := os.NewFile(uintptr(fd), "listener")
		l, err := net.FileListener(f)
		_ = f.Close()
		require.NoError(t, err)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.serve(l)
	}
}
