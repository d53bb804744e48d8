package eventlog_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/service/eventlog"
)

func TestEventsAreStoredThenDeliveredWithRisingIDs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, _ := start(t, d, eventlog.Options{})
		a, b := subscribe(t, l, eventlog.Subscribe{}), subscribe(t, l, eventlog.Subscribe{})
		for n := range 600 {
			l.Publish(event("h", n))
		}
		require.Equal(t, texts("h", 0, 600), a.read(600))
		require.Equal(t, texts("h", 0, 600), b.read(600))
		require.NotZero(t, a.got[0].ID)
		require.Same(t, a.got[7].Record, b.got[7].Record, "one record for all")
		page, err := l.Query(t.Context(), eventlog.Query{Ascending: true, Limit: 1000})
		require.NoError(t, err)
		require.Equal(t, a.got[7].Event, page.Records[7].Event, "stored as delivered")
	})
}

func TestClientsResumeAfterTheirLastID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{Ring: 64})
		c := subscribe(t, l, eventlog.Subscribe{})
		for n := range 20 {
			l.Publish(event("h", n))
		}
		c.read(20)
		id := c.got[9].ID
		require.Equal(t, texts("h", 10, 20), subscribe(t, l, eventlog.Subscribe{Resume: true, After: id}).read(10), "from the ring")
		for n := 20; n < 1200; n++ {
			l.Publish(event("h", n))
		}
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		require.Equal(t, texts("h", 10, 1200), subscribe(t, l, eventlog.Subscribe{Resume: true, After: id}).read(1190), "from the log, then the ring")
		stop()
		l, _ = start(t, d, eventlog.Options{})
		c = subscribe(t, l, eventlog.Subscribe{Resume: true, After: id})
		require.Equal(t, texts("h", 10, 1200), c.read(1190), "after a restart")
		l.Publish(event("h", 1200))
		require.Equal(t, texts("h", 1200, 1201), c.read(1))
		require.Equal(t, texts("h", 0, 1201), subscribe(t, l, eventlog.Subscribe{Resume: true}).read(1201), "from the beginning")
	})
}

func TestEventsReportedTwiceAreStoredOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, _ := start(t, d, eventlog.Options{})
		c := subscribe(t, l, eventlog.Subscribe{})
		for n := range 30 {
			l.Publish(event("h", n))
			l.Publish(event("h", n))
			l.Publish(event("g", n))
		}
		got := c.read(60)
		slices.Sort(got)
		require.Len(t, slices.Compact(got), 60)
		for n := range 31 {
			l.Publish(event("h", n))
		}
		require.Equal(t, texts("h", 30, 31), c.read(1))
	})
}

func TestReplicasDeliverEachOthersRecordsOnceInOneOrder(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, _ := start(t, dbtest.Open(t, source), eventlog.Options{})
	b, _ := start(t, dbtest.Open(t, source), eventlog.Options{})
	ca, cb := subscribe(t, a, eventlog.Subscribe{Resume: true}), subscribe(t, b, eventlog.Subscribe{Resume: true})
	go func() {
		for n := range 800 {
			a.Publish(event("both", n))
			a.Publish(event("a", n))
		}
	}()
	for n := range 800 {
		b.Publish(event("both", n))
		b.Publish(event("b", n))
	}
	want := ca.read(2400)
	require.Equal(t, want, cb.read(2400), "the same order on both")
	slices.Sort(want)
	require.Len(t, slices.Compact(want), 2400)
}

// With a sequence, a writer could commit ids below those that a reader has already passed. The lock on event_log's row, which
// is held until the commit, serializes appends.
func TestIDsBecomeVisibleInOrderWithSeveralWriters(t *testing.T) {
	t.Parallel()
	const writers, rounds, burst = 4, 100, 3
	source := dbtest.PostgresSource(t)
	logs := make([]*eventlog.Log, writers)
	for w := range logs {
		logs[w], _ = start(t, dbtest.Open(t, source), eventlog.Options{})
	}
	q := dbtest.Open(t, source).Queries()
	after := func(id int64) (ids []int64) {
		rows, err := q.EventsAfterID(t.Context(), sqlc.EventsAfterIDParams{After: id, Until: math.MaxInt64, MaxRows: writers * rounds * burst})
		require.NoError(t, err)
		for i := range rows {
			ids = append(ids, rows[i].ID)
		}
		return ids
	}
	seen := []int64{}
	read := func() bool {
		more := after(append([]int64{0}, seen...)[len(seen)])
		seen = append(seen, more...)
		return len(more) > 0
	}
	for n := range rounds { // in each, the reader reads while all write
		for w, l := range logs {
			for i := range burst {
				l.Publish(event(fmt.Sprint("h", w), n*burst+i))
			}
		}
		for end := time.Now().Add(20 * time.Second); !read(); {
			require.True(t, time.Now().Before(end), "nothing comes")
		}
	}
	for _, l := range logs {
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
	}
	read()
	require.Equal(t, after(0), seen, "a reader that goes on from the highest id misses none")
	require.Len(t, seen, writers*rounds*burst)
}

func TestOldIDsGetAGapAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{Ring: 16})
		for n := range 700 {
			l.Publish(event("h", n))
		}
		stop()
		l, _ = start(t, d, eventlog.Options{Ring: 16, Max: 200})
		var c *client
		require.Eventually(t, func() bool {
			page, err := l.Query(context.Background(), eventlog.Query{Ascending: true, Limit: 1})
			return err == nil && page.Records[0].Attrs["n"] == "500"
		}, time.Minute, 5*time.Millisecond)
		c = subscribe(t, l, eventlog.Subscribe{Resume: true, After: 10})
		got := c.read(201)
		require.Equal(t, "gap older than the log", got[0])
		require.Equal(t, texts("h", 500, 700), got[1:])
		c = subscribe(t, l, eventlog.Subscribe{Resume: true, After: 1 << 40})
		require.Equal(t, []string{"gap unknown id"}, c.read(1))
		l.Publish(event("h", 700))
		require.Equal(t, texts("h", 700, 701), c.read(1))
	})
}

func TestSubscriberThatFallsBehindIsCutOff(t *testing.T) {
	t.Parallel()
	l, _ := start(t, dbtest.Open(t, dbtest.SQLiteSource(t)), eventlog.Options{Ring: 64})
	slow, fast := l.Subscribe(eventlog.Subscribe{}), subscribe(t, l, eventlog.Subscribe{})
	defer slow.Close()
	for n := range 200 {
		l.Publish(event("h", n))
		require.Equal(t, texts("h", n, n+1), fast.read(1))
	}
	_, _, err := slow.Next(t.Context(), make([]eventlog.Delivery, 0, 10))
	require.ErrorIs(t, err, eventlog.ErrLagged)
}

func TestFiltersAndRightsNarrowAStream(t *testing.T) {
	t.Parallel()
	l, _ := start(t, dbtest.Open(t, dbtest.SQLiteSource(t)), eventlog.Options{})
	only := subscribe(t, l, eventlog.Subscribe{Filter: eventlog.Filter{
		Hosts: []string{"h", "g"}, Types: []string{"container"}, Actions: []string{"exec_die"}, Containers: []string{"c3", fmt.Sprintf("%063x", 0) + "4"},
	}})
	none := subscribe(t, l, eventlog.Subscribe{Allow: func(r *eventlog.Record) bool { return r.Host == "x" }})
	for n := range 14 {
		l.Publish(event("h", n))
		l.Publish(event("other", n))
	}
	gap := event("h", 99)
	gap.Kind, gap.Reason, gap.Type = events.KindGap, "r", "gap"
	l.Publish(gap)
	l.Publish(event("x", 0))
	require.Equal(t, []string{"h 3", "h 4", "h 10", "h 11", "gap r"}, only.read(5), "gaps pass: what they stand for might have matched")
	require.Equal(t, []string{"x 0"}, none.read(1))
}

func TestStateBeforeARestartIsGivenToTheReader(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		r, err := l.Resume(t.Context(), "h")
		require.NoError(t, err)
		require.Nil(t, r.States, "an unknown host is unknown")
		act := func(n int, kind events.Kind, action string) events.Event {
			e := event("h", n)
			e.Kind, e.Action = kind, action
			return e
		}
		found := event("h", 1)
		found.Kind, found.Attrs = events.KindState, nil
		found.Found = []events.Found{{ID: found.ActorID, ContainerState: events.ContainerState{Name: "c1", State: "paused"}}}
		l.Publish(found)
		for n, action := range []string{2: "create", 3: "create", 4: "create", 5: "create"} {
			if action != "" {
				l.Publish(act(n, events.KindDocker, action))
			}
		}
		l.Publish(act(2+7, events.KindDocker, "start"))
		l.Publish(act(3+7, events.KindDocker, "destroy"))
		last := act(4+7, events.KindDocker, "die")
		l.Publish(last)
		inferred := act(5+7, events.KindDocker, "start")
		inferred.Attrs["wharf.inferred"] = "true"
		l.Publish(inferred)
		stop()
		r, err = l.Resume(t.Context(), "h")
		require.NoError(t, err)
		require.Equal(t, last, *r.Anchor, "not the inferred one: no daemon replays it")
		states := map[string]string{}
		for id, s := range r.States {
			require.Equal(t, "c"+id[63:], s.Name)
			states[s.Name] = s.State
		}
		require.Equal(t, map[string]string{"c1": "paused", "c2": "running", "c4": "exited", "c5": "running"}, states)
		require.Equal(t, last.Key(), r.Recent[1].Key())
	})
}

// A host's state is written once a second. After a crash before the write, Resume finds the later anchor in the log.
func TestAnAnchorIsFoundThoughItsWritingWasCutOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		connected := event("h", 0)
		connected.Kind, connected.Type, connected.Action = events.KindHost, "host", "connected"
		l.Publish(connected)
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		l.Publish(event("h", 1))
		l.Publish(event("h", 2))
		l.Publish(event("other", 3))
		stop()
		r, err := l.Resume(t.Context(), "h")
		require.NoError(t, err)
		require.Equal(t, event("h", 2), *r.Anchor)
		require.Len(t, r.Recent, 2)
	})
}
