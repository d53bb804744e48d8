package logs

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/logs"
)

const (
	// holdBack is how long a line waits for earlier lines of other containers.
	holdBack = 200 * time.Millisecond
	// pastTime is how long lines wait for the next line of a container whose past is being read.
	pastTime = 2 * time.Second
	// queueBytes bounds the unmerged lines of one container.
	queueBytes = 512 << 10
)

// Item is one element of a merged answer. One of its fields is set.
type Item struct {
	Lines *Lines
	Gap   *Gap
	Ended *Ended
	Event any // from StreamQuery.Events
}

// Ended is the end of a container's lines.
type Ended struct {
	Container *Container
	Err       error // the reason; nil: all lines were read
}

// piece is an item that a source has put into its queue.
type piece struct {
	item  Item
	batch *logs.Batch // of item.Lines
	next  int         // the first line that hasn't been emitted
	at    int64       // the time of an item without lines
	came  time.Time
}

// queue has the unmerged pieces of one source.
type queue struct {
	pieces  []piece
	bytes   int
	last    int64 // the time up to which the source has been merged; earlier lines count as having this time
	past    bool  // the source reads the past: others wait longer for it
	since   time.Time
	ended   bool
	waiting chan struct{} // closed when there is room; nil: no goroutine waits
}

// merger merges sources by time.
type merger struct {
	mu      sync.Mutex
	queues  []*queue
	changed chan struct{}
}

func newMerger(sources int) *merger {
	m := &merger{changed: make(chan struct{}, 1)}
	for range sources {
		m.queues = append(m.queues, &queue{past: true, since: time.Now()})
	}
	return m
}

// put adds a piece to the queue of source i. It waits while the queue is full.
func (m *merger) put(ctx context.Context, i int, p piece) error {
	p.came = time.Now()
	q := m.queues[i]
	for {
		m.mu.Lock()
		if q.bytes <= queueBytes {
			q.pieces = append(q.pieces, p)
			q.bytes += p.bytes()
			m.mu.Unlock()
			m.wake()
			return nil
		}
		if q.waiting == nil {
			q.waiting = make(chan struct{})
		}
		room := q.waiting
		m.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *piece) bytes() int {
	if p.batch == nil {
		return 128
	}
	return p.batch.Bytes()
}

func (m *merger) wake() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// change changes the queue of source i and wakes run.
func (m *merger) change(i int, f func(q *queue)) {
	m.mu.Lock()
	f(m.queues[i])
	m.mu.Unlock()
	m.wake()
}

// run emits the pieces of all sources, merged by time, until all sources have ended.
func (m *merger) run(ctx context.Context, emit func(Item) error) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		m.mu.Lock()
		item, wait, over := m.pop()
		m.mu.Unlock()
		switch {
		case item != nil:
			if err := emit(*item); err != nil {
				return err
			}
			continue
		case over:
			return nil
		}
		timer.Reset(wait)
		select {
		case <-m.changed:
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pop removes and returns the next item if it may be emitted. Otherwise it returns how long to wait at most, or over if all
// sources have ended. mu is held.
func (m *merger) pop() (item *Item, wait time.Duration, over bool) {
	first, second := -1, int64(1<<62)
	var least int64
	over = true
	now := time.Now()
	awaited := time.Time{} // until when to wait for sources with an empty queue
	for i, q := range m.queues {
		over = over && q.ended && len(q.pieces) == 0
		if len(q.pieces) == 0 {
			if !q.ended && q.past && q.since.Add(pastTime).After(awaited) {
				awaited = q.since.Add(pastTime)
			}
			continue
		}
		at := max(q.pieces[0].time(), q.last)
		switch {
		case first < 0 || at < least:
			if first >= 0 {
				second = least
			}
			first, least = i, at
		case at < second:
			second = at
		}
	}
	if first < 0 {
		return nil, time.Hour, over
	}
	q := m.queues[first]
	if m.anyFollowerEmpty() && q.pieces[0].came.Add(holdBack).After(awaited) {
		awaited = q.pieces[0].came.Add(holdBack)
	}
	if awaited.After(now) {
		return nil, awaited.Sub(now), false
	}
	return m.take(q, second), 0, false
}

// anyFollowerEmpty reports whether the queue of a following source is empty.
func (m *merger) anyFollowerEmpty() bool {
	for _, q := range m.queues {
		if len(q.pieces) == 0 && !q.ended && !q.past {
			return true
		}
	}
	return false
}

func (p *piece) time() int64 {
	if p.batch == nil {
		return p.at
	}
	return p.batch.Lines[p.next].At
}

// take removes and returns the first item of q, or of its lines only those up to a time.
func (m *merger) take(q *queue, until int64) *Item {
	p := &q.pieces[0]
	q.last = max(q.last, p.time())
	item := p.item
	if p.batch != nil {
		from := p.next
		for p.next++; p.next < len(p.batch.Lines) && max(p.batch.Lines[p.next].At, q.last) <= until; p.next++ {
			q.last = max(q.last, p.batch.Lines[p.next].At)
		}
		item.Lines = linesBetween(p.item.Lines, from, p.next)
		if p.next < len(p.batch.Lines) {
			return &item
		}
	}
	q.bytes -= p.bytes()
	q.pieces[0] = piece{}
	if q.pieces = q.pieces[1:]; len(q.pieces) == 0 {
		q.pieces = nil
		q.since = time.Now()
	}
	if q.waiting != nil && q.bytes <= queueBytes/2 {
		close(q.waiting)
		q.waiting = nil
	}
	return &item
}

// linesBetween returns the lines with the indexes from ≤ i < to.
func linesBetween(l *Lines, from, to int) *Lines {
	if from == 0 && to == len(l.Batch.Lines) {
		return l
	}
	part := *l
	part.Only = make([]int, 0, to-from)
	for i := from; i < to; i++ {
		part.Only = append(part.Only, i)
	}
	return &part
}
