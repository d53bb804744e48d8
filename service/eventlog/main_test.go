package eventlog_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/db"
	"wharf/dockerx/events"
	"wharf/service/eventlog"
)

func TestMain(m *testing.M) {
	// Each run of the model waits for a database. Rapid's default of a hundred runs would take minutes.
	_ = flag.Set("rapid.checks", "20")
	goleak.VerifyTestMain(m)
}

// start runs a log until the returned function is called or the test ends.
func start(t testing.TB, d *db.DB, o eventlog.Options) (*eventlog.Log, func()) {
	t.Helper()
	if o.Patience == 0 {
		o.Patience = time.Hour // so that a busy machine doesn't look like an outage
	}
	l := eventlog.New(d, o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			require.Eventually(t, func() bool { return l.Pending() == 0 }, 5*time.Minute, time.Millisecond)
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(stop)
	return l, stop
}

var epoch = time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)

// event returns the nth event of a host, a nanosecond after the previous one.
func event(host string, n int) events.Event {
	id := fmt.Sprintf("%064x", n%7)
	return events.Event{
		Host: host, Type: "container", Action: "exec_die", ActorID: id, ActorName: "c" + id[63:],
		Time: epoch.Add(time.Duration(n)), Attrs: map[string]string{"name": "c" + id[63:], "n": fmt.Sprint(n)},
		Labels: map[string]string{"n": fmt.Sprint(n)},
	}
}

// client collects what a subscription delivers.
type client struct {
	t    testing.TB
	sub  *eventlog.Subscription
	wake chan struct{}
	got  []eventlog.Delivery
	last int64
}

func subscribe(t testing.TB, l *eventlog.Log, o eventlog.Subscribe) *client {
	t.Helper()
	c := &client{t: t, wake: make(chan struct{}, 1)}
	o.Wake = func() {
		select {
		case c.wake <- struct{}{}:
		default: // already woken
		}
	}
	c.sub = l.Subscribe(o)
	t.Cleanup(c.sub.Close)
	return c
}

// read waits for n deliveries, not counting those with IDOnly.
func (c *client) read(n int) []string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out := []string{}
	buf := make([]eventlog.Delivery, 0, 64)
	for len(out) < n {
		ds, more, err := c.sub.Next(ctx, buf[:0])
		require.NoError(c.t, err)
		for _, d := range ds {
			c.got = append(c.got, d)
			if d.ID != 0 {
				require.Greater(c.t, d.ID, c.last, "ids rise")
				c.last = d.ID
			}
			if !d.IDOnly {
				out = append(out, text(d.Record))
			}
		}
		if more || len(out) >= n {
			continue
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			require.Fail(c.t, "timed out", "got %d of %d: … %v", len(out), n, out[max(len(out)-20, 0):])
		}
	}
	return out
}

// readAny reads the available deliveries without waiting.
func (c *client) readAny() {
	_, _, err := c.sub.Next(context.Background(), make([]eventlog.Delivery, 0, 4096))
	require.NoError(c.t, err)
}

func text(r *eventlog.Record) string {
	if r.Kind == events.KindGap {
		return "gap " + r.Reason
	}
	return r.Host + " " + r.Attrs["n"]
}

func texts(host string, from, to int) []string {
	out := []string{}
	for n := from; n < to; n++ {
		out = append(out, fmt.Sprint(host, " ", n))
	}
	return out
}
