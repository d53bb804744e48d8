package logs

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// ErrTooSlow is the error for a subscriber that fell so far behind that its next item is no longer kept.
var ErrTooSlow = errors.New("the subscriber is too slow")

// Item is an item of a followed log: a batch of lines, a gap, or a state.
type Item struct {
	Batch *Batch // shared; nil if the item isn't a batch
	Gap   *Gap   // nil if the item isn't a gap
	State State  // if Batch and Gap are nil
}

// HubOptions configures a Hub. The zero value is ready for use.
type HubOptions struct {
	// Grace is how long a log is followed after its last subscriber left. Default 30 s.
	Grace time.Duration
	// Buffer is how many bytes of each log are kept for subscribers that are behind. Default 4 MiB.
	Buffer int
}

// Hub follows containers' logs, each once for all its subscribers. It is safe for concurrent use.
type Hub struct {
	opts HubOptions
	life context.Context //nolint:containedctx // ends with the hub
	end  context.CancelFunc
	all  sync.WaitGroup

	mu        sync.Mutex
	upstreams map[string]*upstream // by container
}

// NewHub returns a Hub. It starts no goroutine before its first subscription. The caller closes it.
func NewHub(o HubOptions) *Hub {
	if o.Grace <= 0 {
		o.Grace = 30 * time.Second
	}
	if o.Buffer <= 0 {
		o.Buffer = 4 << 20
	}
	h := &Hub{opts: o, upstreams: map[string]*upstream{}}
	h.life, h.end = context.WithCancel(context.Background())
	return h
}

// Close stops following all logs, and waits until that has ended.
func (h *Hub) Close() {
	h.mu.Lock()
	h.end()
	h.mu.Unlock()
	h.all.Wait()
}

// Wake makes the follower of a container, or with "" all followers, check immediately whether it can continue.
func (h *Hub) Wake(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, u := range h.upstreams {
		if id == "" || key == id {
			select {
			case u.wake <- struct{}{}:
			default:
			}
		}
	}
}

// Upstreams returns how many logs are followed.
func (h *Hub) Upstreams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.upstreams)
}

// Subscribe returns a subscription to a container's log. It begins at the log's end, or, if the log is followed already, at
// the follower's position. notify is called when there are new items; it must not block, and may be called before Subscribe
// returns. The caller closes the subscription.
func (h *Hub) Subscribe(id string, src Source, notify func()) *Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := h.upstreams[id]
	if u == nil {
		u = newUpstream(h.opts.Buffer)
		if h.life.Err() != nil {
			u.finish(h.life.Err())
			return u.join(notify, func() {})
		}
		ctx, cancel := context.WithCancel(h.life)
		u.cancel = cancel
		h.upstreams[id] = u
		h.all.Go(func() {
			u.run(ctx, src)
			h.forget(id, u)
		})
	}
	if u.idle != nil {
		u.idle.Stop()
		u.idle = nil
	}
	u.users++
	return u.join(notify, func() { h.leave(id, u) })
}

// leave removes a user of an upstream. After Grace without users, the upstream is ended.
func (h *Hub) leave(id string, u *upstream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if u.users--; u.users > 0 {
		return
	}
	u.idle = time.AfterFunc(h.opts.Grace, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if u.users == 0 {
			h.drop(id, u)
		}
	})
}

// forget removes an upstream whose follower has ended.
func (h *Hub) forget(id string, u *upstream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(id, u)
}

func (h *Hub) drop(id string, u *upstream) {
	u.cancel()
	if h.upstreams[id] == u {
		delete(h.upstreams, id)
	}
}

// Subscription is one subscriber's position in a followed log. It must be used by one goroutine only.
type Subscription struct {
	u      *upstream
	notify func()
	next   uint64
	leave  func()
	once   sync.Once
}

// Start returns the position before the subscription's first line. It waits until the follower has found it. Errors: ctx's,
// and the error with which the follower ended.
func (s *Subscription) Start(ctx context.Context) (Position, error) {
	select {
	case <-s.u.started:
	case <-ctx.Done():
		return Position{}, ctx.Err()
	}
	return s.u.startOf(s)
}

// Next appends the items since the last call to dst, without waiting. Errors: ErrTooSlow; io.EOF if no more items will come;
// the error with which the follower ended.
func (s *Subscription) Next(dst []Item) ([]Item, error) { return s.u.take(s, dst) }

// Close ends the subscription.
func (s *Subscription) Close() {
	s.once.Do(func() {
		s.u.remove(s)
		s.leave()
	})
}

// ended returns the error for subscribers of a follower that ended with err.
func ended(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return io.EOF
	}
	return err
}
