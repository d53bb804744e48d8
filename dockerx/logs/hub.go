package logs

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// ErrTooSlow is what a subscriber gets that took too little for what it missed to be kept any longer.
var ErrTooSlow = errors.New("the subscriber is too slow")

// Item is one thing of a followed log: a batch of lines, a gap, or a state.
type Item struct {
	Batch *Batch // shared; nil for the others
	Gap   *Gap
	State State // of an item without batch and gap
}

// HubOptions are a Hub's. The zero value is ready for use.
type HubOptions struct {
	// Grace is how long a log is followed after its last subscriber. Default 30 s.
	Grace time.Duration
	// Buffer is how many bytes of each log are kept for subscribers that are behind. Default 4 MiB.
	Buffer int
}

// Hub follows each container's log once, for however many subscribers.
type Hub struct {
	opts HubOptions
	life context.Context //nolint:containedctx // ends with the hub
	end  context.CancelFunc
	all  sync.WaitGroup

	mu        sync.Mutex
	upstreams map[string]*upstream // by container
}

// NewHub returns a Hub. It has no goroutine before its first subscriber. Close ends it.
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

// Close ends all following and waits for it.
func (h *Hub) Close() {
	h.mu.Lock()
	h.end()
	h.mu.Unlock()
	h.all.Wait()
}

// Wake has followers look at once whether they can go on: that of a container, or with "" all.
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

// Subscribe begins at the log's end, or at where a following is that there is already. notify is called when there is
// something new; it must not block, and may be called at once.
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

// leave ends an upstream that has had no subscriber for a while.
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

// forget takes an upstream away that has ended by itself.
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

// Subscription is one subscriber's place in a followed log. It is used by one goroutine.
type Subscription struct {
	u      *upstream
	notify func()
	next   uint64
	leave  func()
	once   sync.Once
}

// Start returns the position after which the subscription's lines come. It waits until that is known. Errors: those
// with which the following ended.
func (s *Subscription) Start(ctx context.Context) (Position, error) {
	select {
	case <-s.u.started:
	case <-ctx.Done():
		return Position{}, ctx.Err()
	}
	return s.u.startOf(s)
}

// Next appends what came since the last call to dst, and returns at once. Errors: ErrTooSlow; io.EOF where no more will
// come; others with which the following ended.
func (s *Subscription) Next(dst []Item) ([]Item, error) { return s.u.take(s, dst) }

// Close ends the subscription.
func (s *Subscription) Close() {
	s.once.Do(func() {
		s.u.remove(s)
		s.leave()
	})
}

// ended says with which error a subscriber's part is over.
func ended(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return io.EOF
	}
	return err
}
