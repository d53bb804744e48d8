package eventlog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx/events"
	"wharf/service/eventlog"
)

// large returns an event of about 100 KiB.
func large(n int) events.Event {
	e := event("h", n)
	e.Attrs["long"] = strings.Repeat("x", 100<<10)
	return e
}

// A subscription can't lag by more bytes than the ring may hold, however few records these are. After a resume it has missed
// none.
func TestRingIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{Bytes: 1 << 20})
		slow := subscribe(t, l, eventlog.Subscribe{})
		for n := range 30 {
			l.Publish(large(n))
			if n%5 == 4 { // the queue is bounded too
				require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
			}
		}
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		_, _, err := slow.sub.Next(t.Context(), make([]eventlog.Delivery, 0, 100))
		require.ErrorIs(t, err, eventlog.ErrLagged)
		again := subscribe(t, l, eventlog.Subscribe{Resume: true})
		require.Equal(t, texts("h", 0, 30), again.read(30))
		stop()
	})
}

// The size of the records that wait for the database is bounded; records beyond the bound become a gap.
func TestQueueIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		d := dbtest.Open(t, source)
		l, stop := start(t, d, eventlog.Options{Bytes: 1 << 20})
		c := subscribe(t, l, eventlog.Subscribe{Resume: true})
		c.first(l)
		end := outage(t, source)
		for n := 1; n < 50; n++ {
			l.Publish(large(n))
			require.LessOrEqual(t, l.Pending(), 10)
		}
		end()
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		stop()
		page, err := l.Query(t.Context(), eventlog.Query{Filter: eventlog.Filter{Types: []string{"gap"}}})
		require.NoError(t, err)
		require.Len(t, page.Records, 1)
		require.Equal(t, "event log overflow", page.Records[0].Reason)
	})
}
