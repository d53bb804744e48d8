package dockerapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"wharf/service"
	"wharf/service/terminal"
	"wharf/util/apperr"
)

const (
	// execsPerCaller bounds the execs of one session or key, including those that have ended.
	execsPerCaller = 64
	// execsTotal bounds the execs of all callers.
	execsTotal = 4096
	// execKept is how long an exec is kept after its creation and after its end.
	execKept = 5 * time.Minute
	// killed is the exit code of a command whose terminal was ended: the same as after SIGKILL.
	killed = 137
)

// exec is a command in a container. It is kept from its creation until its exit code may no longer be requested.
type exec struct {
	id             string
	holder         holder
	request        service.TerminalRequest
	ticket         string
	output, errors bool       // sent to the client
	size           *[2]uint16 // rows, columns; nil: not set

	mu    sync.Mutex
	begun bool
	open  *terminal.Terminal // nil before it is open and after its end
	ready chan struct{}      // closed when the terminal is open or the exec has ended
	ended bool
	code  int
	until time.Time // when the exec is removed, unless it is open
}

// holder identifies the session or key that an exec belongs to.
type holder struct{ user, session string }

func holderOf(a service.Actor) holder { return holder{a.UserID.String(), a.SessionID.String()} }

// begin marks the exec as started, and reports whether it hadn't been started before.
func (x *exec) begin() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := !x.begun
	x.begun = true
	return first
}

func (x *exec) opened(t *terminal.Terminal) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open = t
	close(x.ready)
}

// finish records the end of the exec. Only the first call has an effect.
func (x *exec) finish(s terminal.Status) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended {
		return
	}
	if x.open == nil {
		close(x.ready)
	}
	x.open, x.ended, x.code, x.until = nil, true, killed, time.Now().Add(execKept)
	if s.Exited {
		x.code = s.Code
	}
}

// terminal waits up to patience for the exec to open. It returns the open terminal, or nil if there is none.
func (x *exec) terminal(ctx context.Context, patience time.Duration) *terminal.Terminal {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-x.ready:
	case <-late.C:
	case <-ctx.Done():
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.open
}

// state reports whether the command runs, and its exit code once it has ended.
func (x *exec) state() (running bool, code *int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended {
		return false, &x.code
	}
	return x.open != nil, nil
}

func (x *exec) expired(now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return (x.ended || !x.begun) && now.After(x.until)
}

// execs holds the execs of all callers. Each process has its own: a replica doesn't know those of the others.
type execs struct {
	mu     sync.Mutex
	all    map[string]*exec
	counts map[holder]int
}

// enter takes one of the caller's places, which add then uses. leave gives it back. Errors: TooMany.
func (s *execs) enter(actor service.Actor) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all, s.counts = map[string]*exec{}, map[holder]int{}
	}
	caller, now := holderOf(actor), time.Now()
	for id, x := range s.all {
		if x.expired(now) {
			delete(s.all, id)
			s.leave(x.holder)
		}
	}
	if s.counts[caller] >= execsPerCaller || len(s.all) >= execsTotal {
		err := apperr.New(apperr.TooMany, "there were too many execs in the last minutes (%d of one caller, %d of all): wait for a while", execsPerCaller, execsTotal)
		err.RetryAfter = execKept / 10
		return nil, err
	}
	s.counts[caller]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leave(caller)
	}, nil
}

func (s *execs) leave(caller holder) {
	if s.counts[caller]--; s.counts[caller] <= 0 {
		delete(s.counts, caller)
	}
}

// add stores an exec in the place that enter took.
func (s *execs) add(actor service.Actor, x *exec) *exec {
	var id [32]byte
	_, _ = rand.Read(id[:]) // never fails
	x.id, x.holder, x.ready, x.until = hex.EncodeToString(id[:]), holderOf(actor), make(chan struct{}), time.Now().Add(execKept)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[x.id] = x
	return x
}

// find returns the caller's exec with this id, or nil.
func (s *execs) find(actor service.Actor, id string) *exec {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.all[id]
	if x == nil || x.holder != holderOf(actor) {
		return nil
	}
	return x
}
