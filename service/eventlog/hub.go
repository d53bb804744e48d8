package eventlog

import (
	"sync"
	"sync/atomic"

	"wharf/dockerx/events"
)

// entry is one publication of a record. Entries are numbered without holes, durable or not.
type entry struct {
	seq  uint64
	rec  *Record
	size int
	// confirms is set if the record was published before, without an id, as entry number confirms-1: a subscriber that
	// got that entry needs only the id now.
	confirms uint64
	// unsaved is set if the record has no id yet, but may still get one.
	unsaved bool
}

// textOf returns how many bytes of text an event has.
func textOf(e *events.Event) int {
	size := len(e.Host) + len(e.Type) + len(e.Action) + len(e.ActorID) + len(e.ActorName) + len(e.Reason)
	for _, texts := range []map[string]string{e.Attrs, e.Labels} {
		for k, v := range texts {
			size += len(k) + len(v)
		}
	}
	for _, c := range e.Found {
		size += len(c.ID) + len(c.Name) + len(c.State)
	}
	return size
}

// sizeOf returns about how many bytes an event takes in memory.
func sizeOf(e *events.Event) int {
	return 512 + 64*(len(e.Attrs)+len(e.Labels)+len(e.Found)) + textOf(e)
}

// hub is the live end of the log: a ring of entries that all subscriptions share, each with a cursor of its own.
// Publishing never blocks: a subscription that lags by more than the ring ends.
type hub struct {
	slots []atomic.Pointer[entry]
	head  atomic.Uint64 // the next entry's number
	most  int           // bytes that the entries in the ring may take

	mu    sync.Mutex // guards what follows, and publishing
	bytes int        // that the entries in the ring take
	tail  uint64     // the oldest entry in the ring
	ready bool       // last and floor are known
	last  int64      // the highest durable id that was published, or known at the start
	floor int64      // the highest durable id that has left the ring
	subs  map[*Subscription]struct{}
	// unsaved has the ids, by number, of the entries in the ring that were published before they had one; 0: they have none yet.
	unsaved map[uint64]int64
}

func newHub(size, bytes int) *hub {
	return &hub{
		slots: make([]atomic.Pointer[entry], size), most: bytes, subs: make(map[*Subscription]struct{}), unsaved: make(map[uint64]int64),
	}
}

// start sets the log's last id at the start of the process.
func (h *hub) start(last int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ready {
		h.ready, h.last, h.floor = true, last, last
	}
}

func (h *hub) isReady() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ready
}

// publish numbers entries and puts them into the ring. Durable ones must have rising ids.
func (h *hub) publish(entries ...*entry) {
	if len(entries) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	head := h.head.Load()
	for _, e := range entries {
		e.seq = head
		e.size = sizeOf(&e.rec.Event) + 2*textOf(&e.rec.Event) // and its frames, masked and not
		for h.tail < head && (head-h.tail >= uint64(len(h.slots)) || h.bytes+e.size > h.most) {
			h.evict()
		}
		h.slots[head%uint64(len(h.slots))].Store(e)
		h.bytes += e.size
		if e.rec.ID > h.last {
			h.last = e.rec.ID
		}
		if e.unsaved {
			h.unsaved[head] = 0
		}
		if _, kept := h.unsaved[e.confirms-1]; e.confirms != 0 && kept {
			h.unsaved[e.confirms-1] = e.rec.ID
		}
		head++
	}
	h.head.Store(head)
	for s := range h.subs {
		s.wake()
	}
}

// evict drops the ring's oldest entry. mu is held.
func (h *hub) evict() {
	slot := &h.slots[h.tail%uint64(len(h.slots))]
	old := slot.Swap(nil)
	h.floor = max(h.floor, old.rec.ID)
	delete(h.unsaved, h.tail)
	h.bytes -= old.size
	h.tail++
}

// get returns an entry, or nil if it has left the ring.
func (h *hub) get(seq uint64) *entry {
	e := h.slots[seq%uint64(len(h.slots))].Load()
	if e == nil || e.seq != seq {
		return nil
	}
	return e
}

// lastID returns the highest durable id that was published.
func (h *hub) lastID() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// join sets a subscription's cursor to the entry after the record with an id, and reports whether the ring reaches back
// that far. Entries before it that had no id by then are part of what comes after it: they precede later ones of their hosts.
func (h *hub) join(s *Subscription, after int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ready || after < h.floor {
		return false
	}
	seq := h.head.Load()
	for ; seq > 0; seq-- {
		e := h.get(seq - 1)
		if e == nil || e.rec.ID > 0 && e.rec.ID <= after {
			break
		}
	}
	for unsaved, id := range h.unsaved {
		if id == 0 || id > after {
			seq = min(seq, unsaved)
		}
	}
	s.cursor, s.joined, s.joinedHead = seq, seq, h.head.Load()
	return true
}

// isOld reports whether an entry that was published without an id has one by now, up to that of a record.
func (h *hub) isOld(seq uint64, last int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.unsaved[seq]
	return id != 0 && id <= last
}

// add adds a subscription at the ring's head.
func (h *hub) add(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs[s] = struct{}{}
	s.cursor = h.head.Load()
	s.joined, s.last = s.cursor, h.last
}

func (h *hub) remove(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
}

func (h *hub) subscribers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}
