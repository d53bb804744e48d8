package stats

import (
	"context"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Sampler samples the usage of one host's containers while callers ask for it, and for Options.Idle afterwards. All callers
// share one sampler. Without callers it has no goroutine and sends no requests. It is safe for concurrent use.
type Sampler struct {
	opts   Options
	engine Engine
	api    *engineSource
	kernel Source // nil: none

	life context.Context //nolint:containedctx // ends with Close: sampling outlives the call that started it
	end  context.CancelFunc
	work sync.WaitGroup // the loop and its requests

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when waiting callers may have their answer
	wake    chan struct{} // holds a token to wake the loop
	table   table
	all     demand // for every container
	// The container list. synced: it was read after the event stream connected, and no event was missed since.
	connected, synced, listing bool
	gap, listedGap             int       // number of gaps in the events, now and when the last list was requested
	listed                     time.Time // when the last list was received
	listNext                   time.Time // no list is requested before
	wantList                   time.Time // when a caller last asked for a container that isn't in the table
	missed                     []Change  // changes while a list is being read
	looping, closed            bool
	warm                       bool      // every container had its samples once since all.since
	rounds                     [2]round  // by source: kernel, engine
	fault                      error     // why the host can't be asked; nil if it can
	faultAt                    time.Time // since when
	contact                    time.Time // when the host last answered
	snapshot                   *Snapshot
	dirty                      bool // snapshot differs from the table
	news                       bool // samples came since snapshot was made; the end of the round sets dirty
	cleaner                    *time.Timer
}

// round is the state of one of the two sources.
type round struct {
	due   time.Time     // when the next round is due
	took  time.Duration // duration of the last round
	count int           // containers in it
}

// New returns a Sampler. It sends no request.
func New(engine Engine, o Options) *Sampler {
	s := &Sampler{
		opts: o.withDefaults(), engine: engine, api: &engineSource{engine: engine},
		changed: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	if s.opts.Source == FromKernel || s.opts.Source == Auto && o.Socket != "" {
		s.kernel = newKernel(hostRoot, o.Socket)
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Run waits until ctx or the sampler ends, then closes the sampler. It returns nil.
func (s *Sampler) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.life.Done():
	}
	s.Close()
	return nil
}

// Close ends all sampling and waits until it has ended. Later calls return an error.
func (s *Sampler) Close() {
	s.mu.Lock()
	s.closed = true
	if s.cleaner != nil {
		s.cleaner.Stop()
	}
	s.mu.Unlock()
	s.end()
	s.work.Wait()
}

// All returns the usage of all containers of the host. While sampling is active it returns at once; else as soon as each running
// container has two samples, and after 3 s with the samples so far. Errors: apperr.Unavailable if there is no recent sample.
func (s *Sampler) All(ctx context.Context) (*Snapshot, error) {
	var out *Snapshot
	err := s.await(ctx, func(now time.Time, expired bool) (done bool, err error) {
		s.askAll(now)
		out, err = s.answerAll(now, expired)
		return out != nil, err
	})
	return out, err
}

// One returns the usage of one container, and asks the host only for this container. The usage is zero if the container isn't
// running. Errors: apperr.NotFound, apperr.Unavailable.
func (s *Sampler) One(ctx context.Context, id string) (Usage, error) {
	var out Usage
	began := time.Now()
	err := s.await(ctx, func(now time.Time, expired bool) (done bool, err error) {
		e, err := s.askOne(id, began, now, expired)
		if e == nil {
			return false, err
		}
		out, done, err = s.answerOne(e, now, expired)
		return done, err
	})
	return out, err
}

// Last returns the last sample of the container that matches, without a request; false if no container or several match, or
// the sample is older than 15 s. It is for hosts that don't answer.
func (s *Sampler) Last(matches func(id, name string, labels map[string]string) bool) (Usage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *entry
	for _, e := range s.table.order {
		if !matches(e.ID, e.Name, e.Labels) {
			continue
		}
		if found != nil {
			return Usage{}, false
		}
		found = e
	}
	if found == nil || !s.recent(found.lastAt, time.Now()) {
		return Usage{}, false
	}
	return found.row(), true
}

// Sampling reports whether the engine is being asked for samples. Reading the kernel's files doesn't count.
func (s *Sampler) Sampling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looping && s.rounds[viaEngine].count > 0
}

// await calls try after each change until it is done, returns an error, or 3 s have passed. try is called with mu held;
// expired reports that 3 s have passed, so that try must not ask to wait longer.
func (s *Sampler) await(ctx context.Context, try func(now time.Time, expired bool) (bool, error)) error {
	var (
		late    <-chan time.Time
		expired bool
	)
	for {
		changed, done, err := s.attempt(try, expired)
		if done || err != nil {
			return err
		}
		if late == nil {
			timer := time.NewTimer(answerIn)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-changed:
		case <-late:
			expired = true
		case <-s.life.Done():
			return errClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Sampler) attempt(try func(now time.Time, expired bool) (bool, error), expired bool) (<-chan struct{}, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false, errClosed
	}
	done, err := try(time.Now(), expired)
	return s.changed, done, err
}

var (
	errClosed = apperr.New(apperr.Unavailable, "the server is shutting down")
	errSilent = apperr.New(apperr.Unavailable, "the Docker daemon did not answer in time")
)

func noSuch(id string) error {
	return apperr.New(apperr.NotFound, "No such container: %s", id)
}

func isGone(err error) bool { return err != nil && apperr.KindOf(err) == apperr.NotFound }

// wakeLoop makes the loop check again what is due.
func (s *Sampler) wakeLoop() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// wakeCallers makes all waiting callers check again. The caller holds mu.
func (s *Sampler) wakeCallers() {
	close(s.changed)
	s.changed = make(chan struct{})
}
