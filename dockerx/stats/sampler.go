package stats

import (
	"context"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Sampler reads what one host's containers use, while it is asked for and for a while after. One
// sampler serves all callers. Without callers there is no goroutine and no request.
type Sampler struct {
	opts   Options
	engine Engine
	api    *engineSource
	kernel Source // nil: none

	life context.Context //nolint:containedctx // ends with Close: sampling outlives the question that began it
	end  context.CancelFunc
	work sync.WaitGroup // the loop and what it began

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when a waiting question may have its answer
	wake    chan struct{} // makes the loop look again; never blocks
	table   table
	all     demand // for every container
	// The container list: synced says that it came in after the event stream connected, and no
	// event was missed since.
	connected, synced, listing bool
	gap, listedGap             int       // breaks in the events, and how many the last list knew of
	listed                     time.Time // when a list last came in
	listNext                   time.Time // not before
	wantList                   time.Time // when a container was asked for that isn't in the table
	missed                     []Change  // events that came while a list was under way
	looping, closed            bool
	warm                       bool      // every container had its samples once since all.since
	rounds                     [2]round  // by source: kernel, engine
	fault                      error     // why the host can't be asked, nil if it can
	faultAt                    time.Time // since when
	contact                    time.Time // when the host last answered
	snapshot                   *Snapshot
	dirty                      bool // snapshot is not what the table says
	news                       bool // samples came in since it was made; the round's end makes it dirty
	cleaner                    *time.Timer
}

// round is the state of one of the two sources.
type round struct {
	due   time.Time     // of the next one
	took  time.Duration // the last one
	count int           // containers in it
}

// New makes a sampler. It asks the engine nothing.
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

// Run waits for ctx to end, then ends the sampler.
func (s *Sampler) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.life.Done():
	}
	s.Close()
	return nil
}

// Close ends all sampling and waits until it has ended. Questions get an error from then on.
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

// All returns what every container of the host uses: at once while sampling, else as soon as
// each running one has two samples, and after 3 s with what there is. Errors: apperr.Unavailable
// where the host gives no sample that is young enough to show.
func (s *Sampler) All(ctx context.Context) (*Snapshot, error) {
	var out *Snapshot
	err := s.await(ctx, func(now time.Time, expired bool) (done bool, err error) {
		s.askAll(now)
		out, err = s.answerAll(now, expired)
		return out != nil, err
	})
	return out, err
}

// One returns what one container uses, and asks the host for that one alone. A container that
// isn't running has zeros. Errors: apperr.NotFound, apperr.Unavailable.
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

// Last returns the last sample of the one container that matches, without a request; false where
// none does, several do, or the sample is too old to be shown. It is for hosts that don't answer.
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

// Sampling reports whether the engine is asked for samples at the moment. The kernel's own files cost it nothing.
func (s *Sampler) Sampling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looping && s.rounds[viaEngine].count > 0
}

// await tries until there is an answer, an error, or 3 s have passed. try is called with the lock
// held; expired says that there won't be another time.
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

// poke makes the loop look again.
func (s *Sampler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// tell makes all waiting callers look again.
func (s *Sampler) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}
