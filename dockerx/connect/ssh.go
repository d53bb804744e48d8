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
	sshConnectTimeout = 10 * time.Second // all of a connection's set-up, jumps included
	// A connection over a link that was cut is given up after both together. Any later, and one that lives on would
	// come back too late: the kernel waits ever longer before it sends anew, about as long as the cut took.
	sshKeepAlive = time.Second
	sshAnswer    = 2 * time.Second // for a keep-alive's answer
)

// sshLink is one SSH connection to a host, which all streams to its Docker socket share. It is
// made when it is first needed and made anew after it broke.
type sshLink struct {
	target hop
	jumps  []hop
	socket string // the remote path of Docker's socket
	config SSHConfig

	life   context.Context //nolint:containedctx // ends with the link; connections outlive the call that asked
	end    context.CancelFunc
	making singleflight.Group
	all    sync.WaitGroup // connections being made and kept alive

	mu     sync.Mutex
	client *sshConn
	closed bool
}

// sshConn is an established connection and the jumps beneath it.
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

// dial opens a stream to the remote socket. A connection that turns out dead is replaced once.
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
		return FaultAuth // forwarding isn't allowed, or the socket isn't for this user
	}
	return FaultRefused
}

// connection returns the shared connection. Making it goes on when a caller leaves, so that a
// far host isn't begun with again and again.
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

// enter makes close wait for the caller, until l.all.Done. It returns false once the link is closed.
func (l *sshLink) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.all.Add(1)
	return true
}

// reach goes hop by hop.
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

// keepAlive drops the connection once the other side doesn't answer any more, and returns then.
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

// answers reports whether the other side of a connection is still there.
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

// check drops the connection if the other side doesn't answer any more. It doesn't wait for that.
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
