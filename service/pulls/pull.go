package pulls

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"wharf/dockerx/images"
	"wharf/service"
	"wharf/util/apperr"
	"wharf/util/text"
)

// Pull is the current state of a pull.
type Pull struct {
	ID       uuid.UUID
	Image    string // in Docker's short form, such as "nginx:1.27"
	Platform string
	User     string
	State    string
	At       time.Time
	Finished time.Time // zero while it is under way
	Hosts    []HostPull
}

// HostPull is one host's part of a pull.
type HostPull struct {
	Host     string
	State    string
	Progress images.Progress
	Pulled   images.Pulled
	Reason   string // in one word; empty unless it failed
	Detail   string // the reason in full
}

// pull is a Pull under way.
type pull struct {
	actor  service.Actor
	cancel context.CancelFunc

	mu      sync.Mutex
	now     Pull
	changed chan struct{} // closed at the next change
}

// run pulls the image on all hosts concurrently.
func (j *pull) run(ctx context.Context, hosts []*service.Host, ref images.Ref) {
	defer j.cancel()
	var pulling sync.WaitGroup
	for i, h := range hosts {
		pulling.Go(func() {
			pulled, err := h.PullImage(ctx, ref, j.now.Platform, func(now images.Progress) {
				j.change(func(s *Pull) { s.Hosts[i].Progress = now })
			})
			j.change(func(s *Pull) { s.Hosts[i].finish(ctx, pulled, err) })
		})
	}
	pulling.Wait()
	j.change(func(s *Pull) {
		s.State, s.Finished = StateSucceeded, time.Now().UTC()
		for _, h := range s.Hosts {
			if h.State != StateSucceeded {
				s.State = StateFailed
			}
		}
		if ctx.Err() != nil && s.State == StateFailed {
			s.State = StateCancelled
		}
	})
}

func (h *HostPull) finish(ctx context.Context, pulled images.Pulled, err error) {
	h.State, h.Pulled = StateSucceeded, pulled
	e, ok := apperr.As(err)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		h.State = StateCancelled
	case ok && e.Kind != apperr.Internal:
		h.State, h.Reason, h.Detail = StateFailed, cmp.Or(string(images.ReasonOf(err)), string(images.ReasonOther)), text.Truncate(e.Msg, 1000)
	default:
		h.State, h.Reason, h.Detail = StateFailed, string(images.ReasonOther), "internal error"
	}
}

func (j *pull) change(f func(*Pull)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(&j.now)
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *pull) watch() (Pull, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.now
	now.Hosts = slices.Clone(now.Hosts)
	return now, j.changed
}

func (j *pull) snapshot() Pull {
	now, _ := j.watch()
	return now
}

// owned reports whether the actor may cancel a pull of this owner.
func owned(owner uuid.UUID, actor service.Actor) bool {
	return owner == actor.UserID || actor.Has(service.Administer)
}

// shown returns the part of a pull that an actor may see: unless it owns the pull or is an admin, only the hosts whose
// containers it may all see, without the user.
func shown(owner uuid.UUID, actor service.Actor, now Pull) Pull {
	if !owned(owner, actor) {
		now.User = ""
		now.Hosts = slices.DeleteFunc(now.Hosts, func(h HostPull) bool { return !actor.SeesAllOn(h.Host) })
	}
	return now
}
