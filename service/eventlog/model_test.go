package eventlog_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/service/eventlog"
)

// model is a state machine that, in random order, publishes, subscribes, stalls and cuts clients, breaks the database, and
// restarts the log. Every client must get each event once, in order, or a gap in its place.
type model struct {
	t       *rapid.T
	outer   *testing.T
	source  string
	db      *db.DB
	log     *eventlog.Log
	cancel  context.CancelFunc
	done    chan error
	events  int
	clients []*modelClient
	restore func() // ends the outage; nil if there is none
	dark    int    // how many events were published during the outage
}

// ring is how many records the log holds for subscriptions that fall behind.
const ring = 64

type modelClient struct {
	sub   *eventlog.Subscription
	seen  map[int]bool
	loose map[int]bool // seen without an id before a cut: may come again
	noID  map[int]bool
	last  int64
	gaps  int
}

func (m *model) start() {
	d, err := db.Open(context.Background(), m.source, db.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	m.db, m.log = d, eventlog.New(d, eventlog.Options{Ring: ring, Patience: 50 * time.Millisecond, Pending: 200})
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel, m.done = cancel, make(chan error, 1)
	go func() { m.done <- m.log.Run(ctx) }()
}

func (m *model) stop() {
	// Crashes that lose events are tested with the whole process.
	for end := time.Now().Add(5 * time.Minute); m.log.Pending() > 0 && time.Now().Before(end); {
		<-time.After(time.Millisecond)
	}
	for _, c := range m.clients {
		c.cut()
	}
	m.cancel()
	<-m.done
	_ = m.db.Close()
}

func (c *modelClient) cut() {
	if c.sub == nil {
		return
	}
	c.sub.Close()
	c.sub = nil
	for n := range c.noID {
		c.loose[n] = true
	}
	c.noID = map[int]bool{}
}

func (m *model) publish() {
	for range rapid.IntRange(1, 40).Draw(m.t, "events") {
		m.log.Publish(event("h", m.events))
		m.events++
		m.dark++
	}
}

// again publishes events again, like a reader that resumed at an older anchor.
func (m *model) again() {
	for n := max(0, m.events-rapid.IntRange(0, 30).Draw(m.t, "back")); n < m.events; n++ {
		if m.restore == nil {
			m.log.Publish(event("h", n))
		}
	}
}

func (m *model) come() {
	if len(m.clients) < 4 {
		c := &modelClient{seen: map[int]bool{}, loose: map[int]bool{}, noID: map[int]bool{}}
		m.clients = append(m.clients, c)
		m.resume(c)
	}
}

func (m *model) resume(c *modelClient) {
	if c.sub == nil {
		c.sub = m.log.Subscribe(eventlog.Subscribe{Resume: true, After: c.last})
	}
}

func (m *model) any() *modelClient {
	if len(m.clients) == 0 {
		return nil
	}
	return m.clients[rapid.IntRange(0, len(m.clients)-1).Draw(m.t, "client")]
}

// read reads at most the given number of batches. A client whose subscription lagged resumes.
func (m *model) read(c *modelClient, batches int) {
	m.resume(c)
	for range batches {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		ds, more, err := c.sub.Next(ctx, make([]eventlog.Delivery, 0, 32))
		cancel()
		for _, d := range ds {
			m.take(c, d)
		}
		if err != nil {
			c.cut()
			m.resume(c)
			more = true
		}
		if !more {
			return
		}
	}
}

func (m *model) take(c *modelClient, d eventlog.Delivery) {
	if d.ID != 0 {
		if d.ID <= c.last {
			m.t.Fatalf("id %d after %d", d.ID, c.last)
		}
		c.last = d.ID
	}
	n, err := strconv.Atoi(d.Attrs["n"])
	if err != nil {
		c.gaps++
		return
	}
	if d.IDOnly {
		if !c.noID[n] {
			m.t.Fatalf("the id of event %d, which the client doesn't have", n)
		}
		delete(c.noID, n)
		return
	}
	if c.seen[n] && !c.loose[n] {
		m.t.Fatalf("event %d twice", n)
	}
	delete(c.loose, n)
	c.seen[n] = true
	if d.ID == 0 {
		c.noID[n] = true
	}
}

func (m *model) outage() {
	if m.restore == nil {
		m.restore = outage(m.outer, m.source)
		m.dark = m.log.Pending()
	}
}

func (m *model) recover() {
	if m.restore != nil {
		m.restore()
		m.restore = nil
	}
}

// checkSaved ends the outage, lets every client catch up, and checks that none misses an event.
func (m *model) checkSaved() {
	m.recover()
	m.come()
	m.complete(func() bool { return m.log.Pending() == 0 })
}

// all lets every client catch up. In an outage with more events than the ring holds, clients can't catch up before its end.
func (m *model) all() {
	if m.restore == nil || m.dark <= ring {
		m.complete(func() bool { return true })
		return
	}
	for _, c := range m.clients {
		m.read(c, 100)
	}
}

// complete reads until every client has every event, with ids or, in an outage, without.
func (m *model) complete(too func() bool) {
	for end := time.Now().Add(5 * time.Minute); ; <-time.After(time.Millisecond) {
		complete := too()
		for _, c := range m.clients {
			m.read(c, 100)
			complete = complete && (len(c.seen) == m.events || c.gaps > 0)
		}
		if complete {
			return
		}
		if time.Now().After(end) {
			for i, c := range m.clients {
				m.t.Errorf("client %d has %d of %d, %d gaps", i, len(c.seen), m.events, c.gaps)
			}
			m.t.FailNow()
		}
	}
}

func TestEveryClientGetsEachEventOnceOrAGap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		m := &model{t: r, outer: t, source: dbtest.SQLiteSource(t)}
		m.start()
		defer func() {
			m.recover()
			m.stop()
		}()
		r.Repeat(map[string]func(*rapid.T){
			"publish": func(*rapid.T) { m.publish() },
			"again":   func(*rapid.T) { m.again() },
			"come":    func(*rapid.T) { m.come() },
			"read": func(*rapid.T) {
				if c := m.any(); c != nil {
					m.read(c, 3)
				}
			},
			"cut": func(*rapid.T) {
				if c := m.any(); c != nil {
					c.cut()
				}
			},
			"all":     func(*rapid.T) { m.all() },
			"outage":  func(*rapid.T) { m.outage() },
			"recover": func(*rapid.T) { m.recover() },
			"restart": func(*rapid.T) {
				m.recover()
				m.stop()
				m.start()
			},
		})
		m.checkSaved()
	})
}
