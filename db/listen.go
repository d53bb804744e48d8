package db

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/lib/pq"

	"wharf/db/sqlc"
)

// Channels on which transactions notify the replicas of a Postgres, at their commit. On SQLite nothing notifies: there one
// process does everything.
const (
	ChannelEvents      = "wharf_events"      // an append; the payload is the event log's last id
	ChannelLeases      = "wharf_leases"      // a lease or the set of replicas has changed
	ChannelStatus      = "wharf_status"      // a host's status has changed
	ChannelRevocations = "wharf_revocations" // rights were taken away
)

var channels = [...]string{ChannelEvents, ChannelLeases, ChannelStatus, ChannelRevocations}

// Pauses between attempts to connect the listener again.
const (
	listenRetry    = 50 * time.Millisecond
	listenRetryMax = 500 * time.Millisecond
)

// Listener receives the notifications of all channels. Its functions are called one at a time and must not block.
type Listener struct {
	// Notified is called for each notification.
	Notified func(channel, payload string)
	// Connected is called when the connection stands, at first and after each interruption: notifications may have been
	// lost before.
	Connected func()
}

// Listen calls the listener's functions until ctx ends, over a connection of its own that is made again after it broke. It
// returns nil when ctx ends. On SQLite it does nothing else.
func (d *DB) Listen(ctx context.Context, l Listener) error {
	if d.kind != Postgres {
		<-ctx.Done()
		return nil
	}
	events := pq.NewDialListener(listenDialer{ctx}, d.source, listenRetry, listenRetryMax, func(event pq.ListenerEventType, err error) {
		if event == pq.ListenerEventDisconnected {
			d.listening.Store(false)
		}
		if err != nil && ctx.Err() == nil {
			d.opts.Logger.Debug().Err(err).Msg("the database's notifications are interrupted")
		}
	})
	context.AfterFunc(ctx, func() { _ = events.Close() })
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		for _, c := range channels {
			if err := events.Listen(c); err != nil && ctx.Err() == nil {
				d.opts.Logger.Warn().Err(err).Str("channel", c).Msg("cannot listen for the database's notifications")
			}
		}
	}()
	defer func() { <-ready }()
	defer d.listening.Store(false)
	d.receive(l, ready, events.Notify)
	return nil
}

// receive passes notifications on until the listener was closed.
func (d *DB) receive(l Listener, ready <-chan struct{}, notified <-chan *pq.Notification) {
	connected := func() {
		d.listening.Store(true)
		l.Connected()
	}
	for {
		select {
		case <-ready:
			ready = nil
			connected()
		case n, open := <-notified:
			switch {
			case !open:
				return
			case n == nil:
				connected()
			default:
				l.Notified(n.Channel, n.Extra)
			}
		}
	}
}

// Notify has the listeners of all replicas called when q's transaction commits. On SQLite it does nothing.
func (d *DB) Notify(ctx context.Context, q *sqlc.Queries, channel, payload string) error {
	if d.kind != Postgres {
		return nil
	}
	if err := q.Notify(ctx, sqlc.NotifyParams{Channel: channel, Payload: payload}); err != nil {
		return fmt.Errorf("notify %s: %w", channel, err)
	}
	return nil
}

// Listening reports whether the listener is connected.
func (d *DB) Listening() bool { return d.listening.Load() }

// listenDialer dials connections that end with a context and that detect a server that vanished within seconds.
type listenDialer struct{ ctx context.Context } //nolint:containedctx // the driver's interface has none

var listenKeepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}

func (d listenDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, dialTimeout)
}

func (d listenDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: min(timeout, dialTimeout), KeepAliveConfig: listenKeepAlive}).DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	return &listenConn{conn, stop}, nil
}

// listenConn is a connection of the listener. stop releases it from its context.
type listenConn struct {
	net.Conn
	stop func() bool
}

func (c *listenConn) Close() error {
	c.stop()
	return c.Conn.Close()
}
