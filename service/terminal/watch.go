package terminal

import (
	"context"
	"sync"
	"time"

	"wharf/service"
)

// add adds a terminal to the list, and starts the timers and watches that may end it.
func (s *Terminals) add(actor service.Actor, t *Terminal) (remove func()) {
	t.idle = time.AfterFunc(s.opts.Idle, func() { t.end(IdleTooLong) })
	longest := time.AfterFunc(s.opts.Longest, func() { t.end(OpenTooLong) })
	forget := s.watch(actor, t)
	s.mu.Lock()
	s.open[t.ID] = t
	if s.replicas != nil && s.forget == nil {
		s.forget = s.sessions.OnRevocation(s.notifyEndRequested)
	}
	if s.closed {
		t.end(ServerEnds)
	}
	s.mu.Unlock()
	s.logUnshared(s.replicas.write(context.Background(), func() []*Terminal { return []*Terminal{t} }))
	return func() {
		longest.Stop()
		forget()
		s.mu.Lock()
		delete(s.open, t.ID)
		if len(s.open) == 0 && s.forget != nil {
			s.forget()
			s.forget = nil
		}
		s.mu.Unlock()
		s.logUnshared(s.replicas.delete(context.Background(), t.ID))
	}
}

// logUnshared logs that a terminal's row couldn't be written or deleted. The next beats correct that.
func (s *Terminals) logUnshared(err error) {
	if err != nil {
		s.opts.Logger.Warn().Err(err).Msg("other replicas don't know this one's terminals")
	}
}

// watch ends the terminal when its session or key ends, or the right to it.
func (s *Terminals) watch(opener service.Actor, t *Terminal) (forget func()) {
	var mu sync.Mutex
	var done bool
	current := func() {}
	var again func(service.Actor)
	again = func(actor service.Actor) {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			current = s.sessions.OnEnd(actor, func() { go s.recheck(t, again) })
		}
	}
	again(opener)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done = true
		current()
	}
}

// recheck checks the right to a terminal after its user's rights have changed. If the right still exists, it calls again to
// renew the watch; otherwise it ends the terminal.
func (s *Terminals) recheck(t *Terminal, again func(service.Actor)) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	actor, err := s.sessions.Current(ctx, t.holder)
	if err == nil {
		err = s.hosts.MayExec(ctx, actor, t.Request)
	}
	if err != nil {
		t.end(RightsEnded)
		return
	}
	again(actor)
}

// notifyEndRequested wakes Run to end the terminals that other replicas have marked to be ended.
func (s *Terminals) notifyEndRequested() {
	select {
	case s.endRequested <- struct{}{}:
	default: // a signal is already there
	}
}

// endRequestedTerminals ends the terminals that other replicas have marked to be ended.
func (s *Terminals) endRequestedTerminals(ctx context.Context) error {
	ids, err := s.replicas.ending(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if t := s.open[id]; t != nil {
			t.end(EndedByHand)
		}
	}
	return nil
}

// Run ends the terminals that other replicas have marked to be ended, updates the rows of open terminals, and deletes old
// recordings. It returns nil when ctx ends.
func (s *Terminals) Run(ctx context.Context) error {
	hour, beat := time.NewTicker(time.Hour), time.NewTicker(beatEvery)
	defer hour.Stop()
	defer beat.Stop()
	s.logUnpruned(s.prune(time.Now()))
	for {
		select {
		case <-s.endRequested:
			if err := s.endRequestedTerminals(ctx); err != nil && ctx.Err() == nil {
				s.opts.Logger.Warn().Err(err).Msg("cannot look which terminals other replicas want ended")
				time.AfterFunc(time.Second, s.notifyEndRequested)
			}
		case <-beat.C:
			s.logUnshared(s.replicas.write(ctx, s.all))
		case <-hour.C:
			s.logUnpruned(s.prune(time.Now()))
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Terminals) logUnpruned(err error) {
	if err != nil {
		s.opts.Logger.Error().Err(err).Msg("old recordings of terminals stay")
	}
}
