package eventlog

import (
	"sync"
	"sync/atomic"

	"wharf/dockerx/events"
)

// entry is one publication of a record. Entries are numbered consecutively, durable or not.
type entry struct {
	seq  uint64
	rec  *Record
	size int
	// confirms is not 0 if the record was published before, without an id, as entry number confirms-1: subscribers that
	// got that entry need only the id now.
	confirms uint64
	// unsaved is true if the record has no id yet, but may still get one.
	unsaved bool
}

// textOf returns the total length of an event's texts in bytes.
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

// sizeOf estimates the size of an event in memory, in bytes.
func sizeOf(e *events.Event) int {
	return 512 + 64*(len(e.Attrs)+len(e.Labels)+len(e.Found)) + textOf(e)
}

// hub is the live end of the log: a ring of entries that all subscriptions share, each with its own cursor. Publishing never
// blocks: a subscription that lags by more than the ring ends.
type hub struct {
	slots []atomic.Pointer[entry]
	head  atomic.Uint64 // the next entry's number
	most  int           // the maximum size of all entries in the ring, in bytes

	mu    sync.Mutex // guards the fields below, and publishing
	bytes int        // the size of all entries in the ring
	tail  uint64     // the number of the oldest entry in the ring
	ready bool       // last and floor are valid
	last  int64      // the highest published durable id, at first the log's last id
	floor int64      // the highest durable id that has left the ring, at first the log's last id
	subs  map[*Subscription]struct{}
	// unsaved has, by number, the entries in the ring that were published without an id, with the id that they have now; 0 for
	// none yet.
	unsaved map[uint64]int64
	// left has, by host, those of unsaved that another replica may or may not store, oldest first.
	left map[string][]uint64
}

func newHub(size, bytes int) *hub {
	return &hub{
		slots: make([]atomic.Pointer[entry], size), most: bytes, subs: make(map[*Subscription]struct{}),
		unsaved: make(map[uint64]int64), left: make(map[string][]uint64),
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

// publish numbers entries and adds them to the ring. Durable ones must have ascending ids.
func (h *hub) publish(entries ...*entry) {
	if len(entries) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	head := h.head.Load()
	for _, e := range entries {
		e.seq = head
		h.confirm(e)
		e.size = sizeOf(&e.rec.Event) + 2*textOf(&e.rec.Event) // twice the text for two frames, masked and unmasked
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
		head++
	}
	h.head.Store(head)
	for s := range h.subs {
		s.wake()
	}
}

// confirm gives an id to the entry without one that a record confirms. A stored record also gives its id to the left entries of
// its host that are older: the other replica has skipped them, so they must not come after it. If such an entry is stored after
// all, its record is published in full, since not every subscriber has got the entry. mu is held.
func (h *hub) confirm(e *entry) {
	if e.rec.ID == 0 {
		return
	}
	if id, kept := h.unsaved[e.confirms-1]; e.confirms != 0 && kept {
		h.unsaved[e.confirms-1] = e.rec.ID
		if id != 0 {
			e.confirms = 0
		}
	}
	for left := h.left[e.rec.Host]; len(left) > 0; left = h.left[e.rec.Host] {
		if old := h.get(left[0]); old != nil && !old.rec.Time.Before(e.rec.Time) {
			return
		}
		if id, kept := h.unsaved[left[0]]; kept && id == 0 {
			h.unsaved[left[0]] = e.rec.ID
		}
		h.unleave(e.rec.Host)
	}
}

// leave marks an entry without an id whose record this replica won't store.
func (h *hub) leave(host string, seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id, kept := h.unsaved[seq]; kept && id == 0 {
		h.left[host] = append(h.left[host], seq)
	}
}

// unleave removes the oldest of the left entries of a host. mu is held.
func (h *hub) unleave(host string) {
	if h.left[host] = h.left[host][1:]; len(h.left[host]) == 0 {
		delete(h.left, host)
	}
}

// evict drops the ring's oldest entry. mu is held.
func (h *hub) evict() {
	slot := &h.slots[h.tail%uint64(len(h.slots))]
	old := slot.Swap(nil)
	h.floor = max(h.floor, old.rec.ID)
	delete(h.unsaved, h.tail)
	if left := h.left[old.rec.Host]; len(left) > 0 && left[0] == h.tail {
		h.unleave(old.rec.Host)
	}
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

// lastID returns the highest published durable id.
func (h *hub) lastID() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// join sets a subscription's cursor to the entry after the record with the id after, and reports whether the ring reaches
// back that far. The cursor is moved further back to the first entry without an id, or with an id above after: these come
// after the record too, and precede later entries of their hosts.
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

// isOld reports whether an entry that was published without an id now has one that is at most last.
func (h *hub) isOld(seq uint64, last int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.unsaved[seq]
	return id != 0 && id <= last
}

// add adds a subscription, with its cursor at the ring's head.
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
