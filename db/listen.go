package db

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/lib/pq"

	"wharf/db/sqlc"
)

// The channels on which a transaction on Postgres notifies all replicas when it commits. SQLite has no notifications, and
// serves only one process.
const (
	ChannelEvents      = "wharf_events"      // an append; the payload is the event log's last id
	ChannelLeases      = "wharf_leases"      // a lease or the set of replicas has changed
	ChannelStatus      = "wharf_status"      // a host's status has changed
	ChannelRevocations = "wharf_revocations" // rights were revoked
)

var channels = [...]string{ChannelEvents, ChannelLeases, ChannelStatus, ChannelRevocations}

// The shortest and longest pause between attempts to reconnect the listener.
const (
	listenRetry    = 50 * time.Millisecond
	listenRetryMax = 500 * time.Millisecond
)

// Listener receives the notifications of all channels. Its functions are called one at a time and must not block.
type Listener struct {
	// Notified is called for each notification.
	Notified func(channel, payload string)
	// Connected is called when the connection is up, at first and after each interruption. Notifications before it may have
	// been lost.
	Connected func()
}

// Listen calls the listener's functions until ctx ends, and then returns nil. It uses a separate connection, and reconnects
// when that breaks. On SQLite it only waits for the end of ctx.
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

// receive calls the listener's functions until the driver's listener is closed. A nil notification means a new connection.
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

// Notify sends a notification to the listeners of all replicas when q's transaction commits. On SQLite it does nothing.
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

// listenDialer dials connections that are closed when a context ends, and that detect within seconds that a server vanished.
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
