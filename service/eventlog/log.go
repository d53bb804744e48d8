package eventlog

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/dockerx"
	"wharf/util/recentset"
	"wharf/util/steady"
)

// Options are a log's settings. Zero values are good.
type Options struct {
	Logger zerolog.Logger
	// Keep and Max bound what is kept, by age and by number. Default 168 h and 1,000,000.
	Keep time.Duration
	// Clock decides whether what looks old is old. Nil: one of the log's own, which knows nothing for an hour.
	Clock *steady.Clock
	Max   int64
	// Ring is how many records a subscriber may fall behind before it is cut off. Default 16,384.
	Ring int
	// Pending is how many records may wait for a database that is away. Default 50,000.
	Pending int
	// Bytes bounds, roughly, what the records hold that subscribers may fall behind by, and as much again for those that
	// wait for the database: however long events are. Default 64 MiB.
	Bytes int
	// Patience is how long a record waits for the database before it is delivered without an
	// id. Default 1 s.
	Patience time.Duration
	// Attribute adds to events what else is known of them, before they are stored. It replaces
	// their Attrs and changes nothing else. May be nil.
	Attribute func(context.Context, []*dockerx.Event) error
	// Poll is how often a Postgres is asked for records of other replicas that this one has not
	// read itself. Default 200 ms.
	Poll time.Duration
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
	def(&o.Poll, 200*time.Millisecond)
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

// Log records events and delivers them. Make it with New; Run must run for anything to happen.
type Log struct {
	db   *db.DB
	opts Options
	log  zerolog.Logger
	hub  *hub
	wake chan struct{} // has room for one: something is pending
	// arrived says the same to runUnsaved.
	arrived chan struct{}

	mu           sync.Mutex
	pending      []*pending // in order; the first ones may be under way to the database
	pendingBytes int
	dropped      map[string]*dropped
	// publishedUnsaved maps the key of each record that was delivered without an id to the number of that
	// delivery plus one, until its id is known.
	publishedUnsaved map[eventKey]uint64
	// allPublished is set once everything pending has been published, so that drop need not go through it again.
	allPublished bool
	recent       *recentset.Set[eventKey]

	// The writer alone: records up to the log's end may be unpublished; how many records it
	// tries at once.
	tailUnread  bool
	batchSize   int
	checkpoints checkpoints
}

// pending is a record on its way to the database.
type pending struct {
	rec        *Record
	key        eventKey
	size       int
	since      time.Time
	unsavedSeq uint64 // as in Log.publishedUnsaved; 0: not published without an id
}

// dropped is the time span of what a full queue could not take for a host.
type dropped struct{ from, to time.Time }

// New makes a log on a database that may still be away.
func New(d *db.DB, o Options) *Log {
	o = o.withDefaults()
	return &Log{
		db: d, opts: o, log: o.Logger, hub: newHub(o.Ring, o.Bytes), wake: make(chan struct{}, 1), arrived: make(chan struct{}, 1), batchSize: maxBatch, checkpoints: newCheckpoints(),
		dropped: make(map[string]*dropped), publishedUnsaved: make(map[eventKey]uint64), recent: recentset.New[eventKey](recentMax),
	}
}

// Run writes, delivers and trims until ctx ends; then it makes a last try to write what is
// pending. It returns nil.
func (l *Log) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { l.write(ctx) })
	parts.Go(func() { l.runUnsaved(ctx) })
	parts.Go(func() { l.runRetention(ctx) })
	parts.Wait()
	return nil
}

// Publish takes an event. It never blocks: what the database can't take waits in memory, and
// what memory can't take becomes a gap.
func (l *Log) Publish(e dockerx.Event) {
	p := newPending(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recent.Has(p.key) {
		return // two readers report it, or one twice
	}
	if len(l.pending) >= l.opts.Pending || l.pendingBytes+p.size > l.opts.Bytes {
		l.drop(p)
		return
	}
	l.add(p)
	notify(l.wake)
}

// add puts a record into the queue. mu is held.
func (l *Log) add(p *pending) {
	l.pending, l.allPublished = append(l.pending, p), false
	l.pendingBytes += p.size
	notify(l.arrived)
}

// remove takes the first records out of the queue. mu is held.
func (l *Log) remove(n int) {
	for _, p := range l.pending[:n] {
		l.pendingBytes -= p.size
	}
	clear(l.pending[:n]) // the rest keeps the array, and would keep them
	l.pending = l.pending[n:]
}

// notify signals to whoever waits, or will.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is signalled already
	}
}

func newPending(e dockerx.Event) *pending {
	r := &Record{Event: e}
	return &pending{rec: r, key: keyOf(r), size: sizeOf(&r.Event), since: time.Now()}
}

// drop delivers a record that can't be kept, after those before it, unless it is one of them. mu is
// held.
func (l *Log) drop(p *pending) {
	e := &p.rec.Event
	if e.Kind == dockerx.KindState {
		return
	}
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
		l.log.Error().Str("host", e.Host).Msg("event log overflows: the database is away for too long")
	}
	if e.Time.Before(d.from) {
		d.from = e.Time
	}
	if e.Time.After(d.to) {
		d.to = e.Time
	}
	l.hub.publish(&entry{rec: p.rec})
}

// Pending tells how many records wait for the database.
func (l *Log) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending)
}

// Subscribers tells how many subscriptions are open.
func (l *Log) Subscribers() int { return l.hub.subscribers() }
