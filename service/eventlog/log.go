package eventlog

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/dockerx/events"
	"wharf/util/histogram"
	"wharf/util/recentset"
	"wharf/util/steady"
)

// Options are a log's settings. The zero value of a field is its default.
type Options struct {
	Logger zerolog.Logger
	// Keep and Max are the retention, by age and by number of records. Default 168 h and 1,000,000.
	Keep time.Duration
	// Clock decides whether records are old enough to delete. Nil: a new one, which trusts no time in its first hour.
	Clock *steady.Clock
	Max   int64
	// Ring is how many records a subscription may lag before it ends. Default 16,384.
	Ring int
	// Pending is how many records may wait for the database. Default 50,000.
	Pending int
	// Bytes bounds, approximately, the memory of the records in the ring, and separately that of the records waiting for
	// the database. Default 64 MiB.
	Bytes int
	// Patience is how long a record waits for the database before it is published without an id. Default 1 s.
	Patience time.Duration
	// Attribute adds attributes to events before they are stored. It may replace their Attrs but change nothing else. Nil:
	// nothing is added.
	Attribute func(context.Context, []*events.Event) error
	// Poll is how often the records of other replicas are read from Postgres, in addition to calls of Stored. Default 2 s;
	// negative: never.
	Poll time.Duration
	// Leased makes the log accept only events of the hosts that Lead names, and store them only while the lease is held.
	// It is for Postgres only.
	Leased bool
	// Delivered is called with each event that another replica may have stored. It must not block. May be nil.
	Delivered func(events.Event)
	// Retains reports whether this replica deletes old records. Nil: it does.
	Retains func() bool
	// Refused is called when events weren't stored because their host's lease was lost. It must not block. May be nil.
	Refused func()
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Keep, 168*time.Hour)
	if o.Clock == nil {
		o.Clock = new(steady.Clock)
	}
	def(&o.Patience, time.Second)
	if o.Poll == 0 {
		o.Poll = 2 * time.Second
	}
	if o.Max <= 0 {
		o.Max = 1_000_000
	}
	if o.Ring <= 0 {
		o.Ring = 16_384
	}
	if o.Pending <= 0 {
		o.Pending = 50_000
	}
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
	return o
}

// Log stores events and delivers them to subscriptions. Run must be running. It is safe for concurrent use.
type Log struct {
	db   *db.DB
	opts Options
	log  zerolog.Logger
	hub  *hub
	wake chan struct{} // wakes the writer; has room for one signal
	// arrived wakes runUnsaved; has room for one signal.
	arrived chan struct{}
	resumes chan struct{} // a semaphore for Resume

	lag *histogram.Histogram

	mu           sync.Mutex
	overflows    map[string]uint64 // by host: the number of gaps due to a full queue
	pending      []*pending        // in order; the first ones may be in a write under way
	pendingBytes int
	dropped      map[string]*dropped
	// publishedUnsaved maps the key of each record that was published without an id to the number of that entry plus one,
	// until the record has an id.
	publishedUnsaved map[eventKey]uint64
	// allPublished is true if everything pending has been published, so that drop doesn't check it again.
	allPublished bool
	recent       *recentset.Set[eventKey]

	epochs map[string]int64 // of the hosts that this replica leads
	fresh  []string         // hosts whose leader changed since the last batch: their checkpoints may be outdated
	stored chan struct{}    // closed when pending records have been stored or refused, or others' records published

	storedUpTo atomic.Int64 // the highest id passed to Stored

	// Only for the writer. tailUnread: there may be stored records that aren't published. readTo: there are none up to this id.
	// batchSize: the maximum number of records in a batch.
	tailUnread  bool
	readTo      int64
	batchSize   int
	checkpoints checkpoints
}

// pending is a record that waits for the database.
type pending struct {
	rec        *Record
	key        eventKey
	size       int
	since      time.Time
	epoch      int64  // of the lease under which it was read
	unsavedSeq uint64 // the value in Log.publishedUnsaved; 0 if it wasn't published without an id
}

// dropped is the time range of a host's records that didn't fit into the full queue.
type dropped struct {
	from, to time.Time
	epoch    int64
}

// New returns a log on a database, which need not answer yet.
func New(d *db.DB, o Options) *Log {
	o = o.withDefaults()
	return &Log{
		db: d, opts: o, log: o.Logger, hub: newHub(o.Ring, o.Bytes), wake: make(chan struct{}, 1), arrived: make(chan struct{}, 1), resumes: make(chan struct{}, resumesAtOnce), batchSize: maxBatch, checkpoints: newCheckpoints(),
		lag: histogram.New(lagBounds), overflows: make(map[string]uint64),
		dropped: make(map[string]*dropped), publishedUnsaved: make(map[eventKey]uint64), recent: recentset.New[eventKey](recentMax),
		epochs: make(map[string]int64), stored: make(chan struct{}),
	}
}

// Run stores, publishes and deletes records until ctx ends. Then it tries once more to store the pending records, and returns
// nil.
func (l *Log) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { l.write(ctx) })
	parts.Go(func() { l.runUnsaved(ctx) })
	parts.Go(func() { l.runRetention(ctx) })
	parts.Wait()
	return nil
}

// Publish stores and delivers an event in the background. It never blocks: events wait in memory for the database, and those
// beyond Options.Pending and Options.Bytes become a gap.
func (l *Log) Publish(e events.Event) {
	p := newPending(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recent.Has(p.key) {
		return // reported by two readers, or twice by one
	}
	epoch, leads := l.epochs[e.Host]
	if l.opts.Leased && !leads {
		return // the reader is being stopped: the next leader reads the event again
	}
	p.epoch = epoch
	full := len(l.pending) >= l.opts.Pending || l.pendingBytes+p.size > l.opts.Bytes
	if full && e.Kind != events.KindState { // without all states, the next reader would infer false events
		l.drop(p)
		return
	}
	l.add(p)
	notify(l.wake)
}

// add appends a record to the queue. mu is held.
func (l *Log) add(p *pending) {
	l.pending, l.allPublished = append(l.pending, p), false
	l.pendingBytes += p.size
	notify(l.arrived)
}

// remove removes the first records of the queue. mu is held.
func (l *Log) remove(n int) {
	for _, p := range l.pending[:n] {
		l.pendingBytes -= p.size
	}
	clear(l.pending[:n]) // the rest of the queue keeps the array alive, so release these records
	l.pending = l.pending[n:]
	l.signalStored()
}

// signalStored wakes the callers that wait for pending records to be stored, or for others' to be published. mu is held.
func (l *Log) signalStored() {
	close(l.stored)
	l.stored = make(chan struct{})
}

// notify sends a signal on a channel with room for one, without blocking.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is already there
	}
}

func newPending(e events.Event) *pending {
	r := &Record{Event: e}
	return &pending{rec: r, key: keyOf(r), size: sizeOf(&r.Event), since: time.Now()}
}

// drop publishes a record that doesn't fit into the full queue, after everything queued, unless it is already queued. mu is
// held.
func (l *Log) drop(p *pending) {
	e := &p.rec.Event
	if !l.allPublished {
		l.publishUnsaved(time.Now().Add(time.Hour))
		l.allPublished = true
	}
	if _, waiting := l.publishedUnsaved[p.key]; waiting {
		return
	}
	d := l.dropped[e.Host]
	if d == nil {
		d = &dropped{from: e.Time, to: e.Time}
		l.dropped[e.Host] = d
		l.overflows[e.Host]++
		l.log.Error().Str("host", e.Host).Msg("event log overflows: the database has not answered for too long")
	}
	d.epoch = p.epoch
	if e.Time.Before(d.from) {
		d.from = e.Time
	}
	if e.Time.After(d.to) {
		d.to = e.Time
	}
	l.hub.publish(&entry{rec: p.rec})
}

// lagBounds are the upper bounds of Lag's buckets.
var lagBounds = []time.Duration{
	time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second,
}

// Lag returns the distribution of the time from Publish to the end of the write, after which a record is delivered.
func (l *Log) Lag() histogram.Snapshot { return l.lag.Read() }

// GapOverflow is the reason of a gap for records that didn't fit into the log's full queue.
const GapOverflow = "event log overflow"

// Overflows returns, by host, how many gaps have the reason GapOverflow.
func (l *Log) Overflows() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.overflows)
}

// Ready reports whether the log has read its last id from the database. It delivers the records after that id.
func (l *Log) Ready() bool { return l.hub.isReady() }

// Pending returns how many records wait for the database.
func (l *Log) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending)
}

// Subscribers returns how many subscriptions are open.
func (l *Log) Subscribers() int { return l.hub.subscribers() }
