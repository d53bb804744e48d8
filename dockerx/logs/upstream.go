package logs

import (
	"context"
	"sync"
	"time"
)

// kept is a kept item with its size.
type kept struct {
	Item
	bytes int
	after Position // of the last line before the item
}

// upstream is one followed log, with the items that its subscribers haven't taken yet.
type upstream struct {
	cancel context.CancelFunc
	wake   chan struct{}
	idle   *time.Timer // ends the upstream after Grace; guarded by the hub's mu
	users  int         // guarded by the hub's mu

	started chan struct{} // closed when at is known, or the follower has ended
	buffer  int           // bytes that may be kept

	mu     sync.Mutex
	items  []kept
	base   uint64   // the number of items[0]
	bytes  int      // of items
	at     Position // of the last line
	subs   map[*Subscription]struct{}
	free   chan struct{} // closed when there is room; nil: no goroutine waits for it
	opened bool          // started is closed
	over   bool          // the follower has ended, with err
	err    error

	notified time.Time   // when subscribers were last notified
	pending  int         // bytes of items since then
	later    *time.Timer // will notify subscribers of the pending items; nil: none are pending
}

const (
	// wakeTime, times the number of subscribers, is the minimum time between two notifications. Each notification causes a
	// write to each client, so with many subscribers lines are collected and sent in one write.
	wakeTime = 30 * time.Microsecond
	// maxGather is how long lines wait for that at most. With up to fewSubscribers they don't wait.
	maxGather      = 15 * time.Millisecond
	fewSubscribers = 32
)

// roomy is a closed channel, which room returns if there is room.
var roomy = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func newUpstream(buffer int) *upstream {
	return &upstream{
		wake: make(chan struct{}, 1), started: make(chan struct{}), buffer: buffer, subs: map[*Subscription]struct{}{},
		cancel: func() {},
	}
}

func (u *upstream) run(ctx context.Context, src Source) {
	u.finish((&follower{src: src, out: u, wake: u.wake}).run(ctx))
}

// finish ends the upstream: subscribers get the kept items, then the error.
func (u *upstream) finish(err error) {
	u.mu.Lock()
	u.over, u.err = true, err
	u.begin()
	u.notifyAll()
	u.mu.Unlock()
}

func (u *upstream) begin() {
	if !u.opened {
		u.opened = true
		close(u.started)
	}
}

func (u *upstream) began(p Position) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.at = p
	for i := range u.items { // states that were reported before the end was found
		u.items[i].after = p
	}
	u.begin()
}

func (u *upstream) lines(b *Batch) { u.append(Item{Batch: b}, b.Bytes()) }
func (u *upstream) gap(g Gap)      { u.append(Item{Gap: &g}, 128) }
func (u *upstream) state(s State)  { u.append(Item{State: s}, 128) }

func (u *upstream) append(item Item, size int) {
	u.mu.Lock()
	u.items = append(u.items, kept{item, size, u.at})
	u.bytes += size
	if item.Batch != nil {
		u.at = item.Batch.Last()
	}
	u.trim()
	u.pending += size
	u.notify()
	u.mu.Unlock()
}

// trim removes the oldest items beyond the buffer, and the items that all subscribers have taken.
func (u *upstream) trim() {
	n := 0
	for u.bytes > u.buffer && n < len(u.items)-1 {
		u.bytes -= u.items[n].bytes
		n++
	}
	slowest := u.base + uint64(len(u.items))
	for s := range u.subs {
		slowest = min(slowest, s.next)
	}
	for n < len(u.items) && u.base+uint64(n) < slowest { //nolint:gosec // a length
		u.bytes -= u.items[n].bytes
		n++
	}
	clear(u.items[:n])
	u.items, u.base = u.items[n:], u.base+uint64(n) //nolint:gosec // a length
}

// notify notifies the subscribers, at once or after a delay that grows with their number. The caller holds mu.
func (u *upstream) notify() {
	if u.later != nil && u.pending < batchBytes {
		return
	}
	rest := time.Duration(0)
	if n := len(u.subs); n > fewSubscribers {
		rest = min(time.Duration(n)*wakeTime, maxGather) - time.Since(u.notified)
	}
	if rest <= 0 || u.pending >= batchBytes {
		u.notifyAll()
		return
	}
	u.later = time.AfterFunc(rest, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.later != nil {
			u.notifyAll()
		}
	})
}

// notifyAll notifies the subscribers at once. The caller holds mu.
func (u *upstream) notifyAll() {
	if u.later != nil {
		u.later.Stop()
		u.later = nil
	}
	u.notified, u.pending = time.Now(), 0
	for s := range u.subs {
		s.notify()
	}
}

// room implements sink. There is room unless even the fastest subscriber is half a buffer behind.
func (u *upstream) room() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.hasRoom() {
		return roomy
	}
	if u.free == nil {
		u.free = make(chan struct{})
	}
	return u.free
}

func (u *upstream) hasRoom() bool {
	if len(u.subs) == 0 || u.bytes <= u.buffer/2 {
		return true
	}
	var quickest uint64
	for s := range u.subs {
		quickest = max(quickest, s.next)
	}
	behind := 0
	for i := len(u.items) - 1; i >= 0 && u.base+uint64(i) >= quickest; i-- { //nolint:gosec // an index
		behind += u.items[i].bytes
	}
	return behind <= u.buffer/2
}

func (u *upstream) join(notify func(), leave func()) *Subscription {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := &Subscription{u: u, notify: notify, next: u.base + uint64(len(u.items)), leave: leave}
	u.subs[s] = struct{}{}
	return s
}

// startOf returns the position before the subscription's next item.
func (u *upstream) startOf(s *Subscription) (Position, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if i := int(s.next - u.base); s.next >= u.base && i < len(u.items) { //nolint:gosec // a length
		return u.items[i].after, nil
	}
	if u.over {
		return u.at, ended(u.err)
	}
	return u.at, nil
}

func (u *upstream) take(s *Subscription, dst []Item) ([]Item, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s.next < u.base {
		return dst, ErrTooSlow
	}
	for i := int(s.next - u.base); i < len(u.items); i++ { //nolint:gosec // a length
		dst = append(dst, u.items[i].Item)
		s.next++
	}
	if u.free != nil && u.hasRoom() {
		close(u.free)
		u.free = nil
	}
	if u.over && len(dst) == 0 {
		return dst, ended(u.err)
	}
	return dst, nil
}

func (u *upstream) remove(s *Subscription) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.subs, s)
	if u.free != nil && u.hasRoom() {
		close(u.free)
		u.free = nil
	}
}
