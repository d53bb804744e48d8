package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/singleflight"
)

const (
	sshConnectTimeout = 10 * time.Second // for setting up a connection, including jumps
	// A connection that doesn't answer is closed after sshKeepAlive + sshAnswer. Waiting longer is slower than a new connection:
	// the kernel waits longer before each retransmission, so an old one recovers only about as long after an outage as it took.
	sshKeepAlive = time.Second
	sshAnswer    = 2 * time.Second // for the answer to a keep-alive request
)

// sshLink is one SSH connection to a host, which all streams to its Docker socket share. It is made when it is first needed,
// and again after it broke.
type sshLink struct {
	target hop
	jumps  []hop
	socket string // the remote path of Docker's socket
	config SSHConfig

	life   context.Context //nolint:containedctx // ends with the link; connections outlive the call that made them
	end    context.CancelFunc
	making singleflight.Group
	all    sync.WaitGroup // all goroutines of the link

	mu     sync.Mutex
	client *sshConn
	closed bool
}

// sshConn is an established connection, and the connections to the jumps that it runs through.
type sshConn struct {
	*ssh.Client
	under []*ssh.Client
}

func (c *sshConn) Close() error {
	err := c.Client.Close()
	for i := len(c.under) - 1; i >= 0; i-- {
		_ = c.under[i].Close()
	}
	return err
}

func newSSHLink(u *url.URL, config SSHConfig) (*sshLink, error) {
	l := &sshLink{target: hopOf(u), socket: u.Path, config: config}
	l.life, l.end = context.WithCancel(context.Background())
	if l.socket == "" || l.socket == "/" {
		l.socket = "/var/run/docker.sock"
	}
	for _, jump := range config.Jumps {
		h, err := parseHop(jump)
		if err != nil {
			l.end()
			return nil, err
		}
		l.jumps = append(l.jumps, h)
	}
	return l, nil
}

// dial opens a stream to the remote socket. If the connection turns out to be dead, it makes a new one and tries once more.
func (l *sshLink) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	for again := true; ; again = false {
		c, err := l.connection(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := c.DialContext(ctx, "unix", l.socket)
		if err == nil {
			return conn, nil
		}
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) {
			return nil, &FaultError{refusedKind(refused), fmt.Errorf("open %s over ssh: %w", l.socket, err)}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.drop(c)
		if !again {
			return nil, &FaultError{FaultProtocol, fmt.Errorf("open %s over ssh: %w", l.socket, err)}
		}
	}
}

func refusedKind(err *ssh.OpenChannelError) FaultKind {
	if err.Reason == ssh.Prohibited {
		return FaultAuth // forwarding isn't allowed, or the user may not use the socket
	}
	return FaultRefused
}

// connection returns the shared connection, and makes it if there is none. That continues when the caller's ctx ends:
// otherwise, a slow host might never be connected.
func (l *sshLink) connection(ctx context.Context) (*sshConn, error) {
	l.mu.Lock()
	c, closed := l.client, l.closed
	l.mu.Unlock()
	switch {
	case closed:
		return nil, net.ErrClosed
	case c != nil:
		return c, nil
	}
	made := l.making.DoChan("", func() (any, error) { return l.connect() })
	select {
	case r := <-made:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*sshConn), nil //nolint:forcetypeassert // what connect returns
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *sshLink) connect() (*sshConn, error) {
	if !l.enter() {
		return nil, net.ErrClosed
	}
	defer l.all.Done()
	ctx, cancel := context.WithTimeout(l.life, sshConnectTimeout)
	defer cancel()
	c, err := l.reach(ctx)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.client = c
	l.all.Go(func() { l.keepAlive(c) })
	return c, nil
}

// enter makes close wait until the caller calls l.all.Done. It returns false if the link is closed.
func (l *sshLink) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.all.Add(1)
	return true
}

// reach connects to the target through the jumps.
func (l *sshLink) reach(ctx context.Context) (*sshConn, error) {
	reached := &sshConn{}
	dial := (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext
	for _, h := range append(append([]hop(nil), l.jumps...), l.target) {
		client, err := h.connect(ctx, dial, l.config)
		if err != nil {
			if reached.Client != nil {
				_ = reached.Close()
			}
			return nil, fmt.Errorf("ssh to %s: %w", h.addr(), err)
		}
		if reached.Client != nil {
			reached.under = append(reached.under, reached.Client)
		}
		reached.Client = client
		dial = client.DialContext
	}
	return reached, nil
}

// keepAlive sends keep-alive requests, and drops the connection when one isn't answered. It returns when the connection has
// ended.
func (l *sshLink) keepAlive(c *sshConn) {
	ended := make(chan struct{})
	l.all.Go(func() { _ = c.Wait(); close(ended) })
	for {
		select {
		case <-ended:
			l.drop(c)
			return
		case <-time.After(sshKeepAlive):
			if !l.answers(c) {
				l.drop(c)
			}
		}
	}
}

// answers reports whether the server answers a keep-alive request within sshAnswer.
func (l *sshLink) answers(c *sshConn) bool {
	answer := make(chan error, 1)
	l.all.Go(func() { _, _, err := c.SendRequest("keepalive@openssh.com", true, nil); answer <- err })
	select {
	case err := <-answer:
		return err == nil
	case <-time.After(sshAnswer):
		return false
	}
}

// check drops the connection if the server doesn't answer any more. It does so in the background.
func (l *sshLink) check() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.client; c != nil && !l.closed {
		l.all.Go(func() {
			if !l.answers(c) {
				l.drop(c)
			}
		})
	}
}

func (l *sshLink) drop(c *sshConn) {
	_ = c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client == c {
		l.client = nil
	}
}

func (l *sshLink) close() {
	l.mu.Lock()
	c := l.client
	l.closed, l.client = true, nil
	l.mu.Unlock()
	l.end()
	if c != nil {
		_ = c.Close()
	}
	l.all.Wait()
}
