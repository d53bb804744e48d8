package dockertest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Proxy is a TCP relay whose connections can be reset, stalled and slowed down.
type Proxy struct {
	network, target string
	listener        net.Listener
	closing         sync.WaitGroup

	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	refuse  bool
	stalled chan struct{} // closed when the stall ends; nil: no stall
	rate    int           // bytes a second towards the client; 0: unlimited
}

// NewProxy starts a relay to a target, such as "tcp", "127.0.0.1:1" or "unix", "/path". It stops when the test ends.
func NewProxy(t testing.TB, network, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{network: network, target: target, listener: l, conns: make(map[net.Conn]struct{})}
	p.closing.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Addr returns the relay's address, "127.0.0.1:port".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close stops the relay and closes its connections.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Resume()
	p.Cut()
	p.closing.Wait()
}

// Cut resets all open connections, and returns how many there were. New ones are accepted.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.conns) / 2
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset instead of a regular close
		}
		_ = c.Close()
		delete(p.conns, c)
	}
	return n
}

// Connections returns how many connections are open through the relay.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) / 2
}

// Refuse sets whether new connections are closed at once.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

// Stall holds all bytes back, in both directions, while connections stay open.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled == nil {
		p.stalled = make(chan struct{})
	}
}

// Resume ends a stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled != nil {
		close(p.stalled)
		p.stalled = nil
	}
}

// Throttle limits the bytes a second towards the client; 0 means no limit.
func (p *Proxy) Throttle(bytesPerSecond int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = bytesPerSecond
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.closing.Go(func() { p.serve(c) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	p.mu.Lock()
	refuse := p.refuse
	p.mu.Unlock()
	if refuse {
		return
	}
	server, err := net.Dial(p.network, p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	p.mu.Lock()
	p.conns[client], p.conns[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, client)
		delete(p.conns, server)
	}()
	var both sync.WaitGroup
	both.Go(func() { p.relay(server, client, false) })
	both.Go(func() { p.relay(client, server, true) })
	both.Wait()
}

// relay copies until either side closes, then closes both.
func (p *Proxy) relay(to, from net.Conn, slow bool) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if !p.pass(to, buf[:n], slow) || err != nil {
			return
		}
	}
}

func (p *Proxy) pass(to io.Writer, b []byte, slow bool) bool {
	for len(b) > 0 {
		p.mu.Lock()
		stalled, rate := p.stalled, p.rate
		p.mu.Unlock()
		if stalled != nil {
			<-stalled
			continue
		}
		part := b
		if slow && rate > 0 {
			part = b[:min(len(b), max(rate/20, 1))]
			<-time.After(time.Second / 20)
		}
		if _, err := to.Write(part); err != nil {
			return false
		}
		b = b[len(part):]
	}
	return true
}
