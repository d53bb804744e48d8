package eventlog_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/service/eventlog"
)

// outage prevents writes to the log until end is called, by holding the lock that every append needs.
func outage(t testing.TB, source string) (end func()) {
	t.Helper()
	d, err := db.Open(context.Background(), source, db.Options{Timeout: time.Minute})
	require.NoError(t, err)
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_ = d.InTx(context.Background(), func(q *sqlc.Queries) error {
			_, err := q.TakeEventIDs(context.Background(), 0)
			close(held)
			<-release
			return err
		})
	}()
	<-held
	return func() {
		close(release)
		<-done
		require.NoError(t, d.Close())
	}
}

const patience = 50 * time.Millisecond

// first publishes event 0 and waits until it has its id.
func (c *client) first(l *eventlog.Log) {
	c.t.Helper()
	l.Publish(event("h", 0))
	c.read(1)
	require.Eventually(c.t, func() bool {
		c.readAny()
		return c.sub.LastID() != 0
	}, time.Minute, time.Millisecond)
	c.got, c.last = nil, c.sub.LastID()
}

func TestStreamsGoOnWithoutTheDatabaseAndNothingComesTwice(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		l, _ := start(t, dbtest.Open(t, source), eventlog.Options{Patience: patience})
		c := subscribe(t, l, eventlog.Subscribe{Resume: true})
		c.first(l)
		end := outage(t, source)
		for n := 1; n < 6; n++ {
			l.Publish(event("h", n))
		}
		require.Equal(t, texts("h", 1, 6), c.read(5), "live all the same")
		for _, d := range c.got {
			require.Zero(t, d.ID, "not durable yet")
		}
		during := subscribe(t, l, eventlog.Subscribe{Resume: true, After: c.last})
		require.Equal(t, texts("h", 1, 6), during.read(5), "the ring doesn't need the database")
		late := subscribe(t, l, eventlog.Subscribe{})
		end()
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		l.Publish(event("h", 6))
		require.Equal(t, texts("h", 6, 7), c.read(1), "and nothing twice")
		require.Equal(t, texts("h", 6, 7), during.read(1))
		confirmed := c.got[5:]
		if len(confirmed) == 7 && confirmed[5].ID == 0 { // a slow database stores the record after its delivery
			require.True(t, confirmed[6].IDOnly)
			confirmed = confirmed[:6]
		}
		require.Len(t, confirmed, 6, "five ids, and one record")
		for _, d := range confirmed[:5] {
			require.True(t, d.IDOnly)
			require.NotZero(t, d.ID)
		}
		require.False(t, confirmed[5].IDOnly)
		require.Equal(t, texts("h", 1, 7), late.read(6), "a subscription that came too late for them gets them with their ids")
		require.Equal(t, texts("h", 0, 7), subscribe(t, l, eventlog.Subscribe{Resume: true}).read(7), "all of it is in the log")
	})
}

func TestWhatMemoryCannotHoldBecomesAGap(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		l, _ := start(t, dbtest.Open(t, source), eventlog.Options{Patience: patience, Pending: 10})
		c := subscribe(t, l, eventlog.Subscribe{Resume: true})
		c.first(l)
		end := outage(t, source)
		for n := 1; n < 31; n++ {
			l.Publish(event("h", n))
			if n >= 10 { // an engine replays events that are already queued: not an overflow
				l.Publish(event("h", n%10+1))
			}
		}
		require.Equal(t, texts("h", 1, 31), c.read(30))
		end()
		require.Equal(t, []string{"gap event log overflow"}, c.read(1))
		gap := c.got[len(c.got)-1]
		require.Equal(t, event("h", 11).Time, gap.From)
		require.Equal(t, event("h", 30).Time, gap.To)
		// A slow database stores the gap after its delivery without an id.
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		page, err := l.Query(t.Context(), eventlog.Query{Ascending: true})
		require.NoError(t, err)
		stored := []string{}
		for _, r := range page.Records {
			stored = append(stored, text(r))
		}
		require.ElementsMatch(t, append(texts("h", 0, 11), "gap event log overflow"), stored)
	})
}

func TestReplicasConfirmWhatOnePublishedUnsaved(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, _ := start(t, dbtest.Open(t, source), eventlog.Options{Patience: patience})
	b, _ := start(t, dbtest.Open(t, source), eventlog.Options{Patience: time.Hour})
	ca, cb := subscribe(t, a, eventlog.Subscribe{Resume: true}), subscribe(t, b, eventlog.Subscribe{Resume: true})
	ca.first(a)
	cb.read(1)
	end := outage(t, source)
	for n := 1; n < 20; n++ {
		a.Publish(event("h", n))
		b.Publish(event("h", n))
	}
	ca.read(19)
	end()
	require.Equal(t, texts("h", 1, 20), cb.read(19))
	b.Publish(event("h", 20))
	require.Equal(t, texts("h", 20, 21), ca.read(1), "neither replica's copy comes twice")
}

// A host's next reader starts on another replica, which can't store. Its events come after those that the previous replica has
// stored.
func TestWhatAHostsNextReaderReadsComesAfterWhatIsStored(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, _ := start(t, dbtest.Open(t, source), eventlog.Options{})
	b, _ := start(t, dbtest.Open(t, source), eventlog.Options{Patience: patience, Poll: -1}) // reads others' records on request
	cb := subscribe(t, b, eventlog.Subscribe{Resume: true})
	cb.first(b)
	for n := 1; n < 4; n++ {
		a.Publish(event("h", n))
	}
	require.Eventually(t, func() bool { return a.Pending() == 0 }, time.Minute, time.Millisecond)
	_, err := b.Resume(t.Context(), "h")
	require.NoError(t, err)
	end := outage(t, source)
	b.Publish(event("h", 4))
	require.Equal(t, texts("h", 1, 5), cb.read(4))
	end()
}

func TestRecordsThatWerePublishedUnsavedAreStoredWithTheirAttributes(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		writing := make(chan struct{})
		first := sync.OnceFunc(func() { close(writing) })
		l, _ := start(t, dbtest.Open(t, source), eventlog.Options{
			Patience: patience, Attribute: func(_ context.Context, all []*events.Event) error {
				for _, e := range all {
					if e.Attrs["n"] == "1" {
						first()
					}
					e.Attrs = map[string]string{"n": e.Attrs["n"], "wharf.actor": "hong"}
				}
				return nil
			},
		})
		c := subscribe(t, l, eventlog.Subscribe{Resume: true})
		c.first(l)
		end := outage(t, source)
		l.Publish(event("h", 1))
		<-writing // and the write waits
		l.Publish(event("h", 2))
		c.read(2)
		require.Zero(t, c.got[1].ID)
		require.NotContains(t, c.got[1].Attrs, "wharf.actor", "nothing has asked yet")
		end()
		require.Eventually(t, func() bool { return l.Pending() == 0 }, time.Minute, time.Millisecond)
		page, err := l.Query(t.Context(), eventlog.Query{Ascending: true})
		require.NoError(t, err)
		require.Len(t, page.Records, 3)
		require.Equal(t, "hong", page.Records[2].Attrs["wharf.actor"])
		require.NotContains(t, c.got[1].Attrs, "wharf.actor", "subscribers share the delivered record")
	})
}

// A replica has lost a host's lease, but goes on reading the host, because the database is away before it learns of the loss.
func TestWhatIsReadUnderALostLeaseIsLeftToTheNextOwner(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	dbtest.Exec(t, source, "INSERT INTO host_leases (host, owner, epoch) VALUES ('h', 'a', 1)")
	refused := make(chan struct{})
	a, _ := start(t, dbtest.Open(t, source), eventlog.Options{
		Leased: true, Patience: patience, Refused: sync.OnceFunc(func() { close(refused) }),
	})
	a.Lead("h", 1)
	c := subscribe(t, a, eventlog.Subscribe{Resume: true})
	c.first(a)
	dbtest.Exec(t, source, "UPDATE host_leases SET owner = 'b', epoch = 2")
	a.Publish(event("h", 1))
	<-refused
	end := outage(t, source)
	a.Publish(event("h", 2))
	require.Zero(t, a.Pending(), "it would come before the refused event")
	end()
	b, _ := start(t, dbtest.Open(t, source), eventlog.Options{Leased: true})
	b.Lead("h", 2)
	for n := 1; n < 4; n++ {
		b.Publish(event("h", n))
	}
	require.Equal(t, texts("h", 1, 4), c.read(3))
}
