package images

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// digestAge and digestErrorAge are how long what a registry says of a name is believed, and that it couldn't be asked.
	digestAge      = time.Hour
	digestErrorAge = 5 * time.Minute
	// limitedRest is how long a registry isn't asked after it has had too many requests.
	limitedRest = 15 * time.Minute
	// digestTimeout is for one question.
	digestTimeout = 15 * time.Second
	// askAtOnce bounds the questions of all hosts together; each registry gets askRate a second.
	askAtOnce = 8
	askRate   = 5
	// maxDigests is how many names are remembered.
	maxDigests = 10_000
)

// ErrUnsupported says that an engine can't ask registries: Podman's.
var ErrUnsupported = errors.New("the engine can't ask a registry for a digest")

// Digests remembers what names mean in their registries. Registries are asked only while callers wait for it. It is safe for
// concurrent use; all hosts share one.
type Digests struct {
	slots chan struct{}

	mu      sync.Mutex
	known   map[string]DigestAnswer // by name; failures by host and name
	flights map[string]chan struct{}
	limits  map[string]*rate.Limiter // by registry
	resting map[string]time.Time     // until when, by registry
}

// NewDigests makes a Digests that remembers nothing yet.
func NewDigests() *Digests {
	return &Digests{
		slots: make(chan struct{}, askAtOnce), known: map[string]DigestAnswer{}, flights: map[string]chan struct{}{},
		limits: map[string]*rate.Limiter{}, resting: map[string]time.Time{},
	}
}

// DigestAnswer is what a name means in its registry, or why that isn't known.
type DigestAnswer struct {
	Digest string
	Reason Reason // empty: the digest is known
	At     time.Time
}

// Get returns what a name means in its registry: what is remembered, else what ask returns, which runs through spawn and
// goes on when ctx ends, but not when life does. The answer of one host's engine is good for all; a failure is that host's own. Errors: ctx's.
func (d *Digests) Get(ctx, life context.Context, host string, r Ref, spawn func(func()) bool, ask func(context.Context) (string, error)) (DigestAnswer, error) {
	done, answer, known := d.join(life, host, r, spawn, ask)
	if known {
		return answer, nil
	}
	select {
	case <-done:
		d.mu.Lock()
		defer d.mu.Unlock()
		answer, _ := d.look(host, r)
		return answer, nil
	case <-ctx.Done():
		return DigestAnswer{}, ctx.Err()
	}
}

// look returns what is remembered. The lock is held.
func (d *Digests) look(host string, r Ref) (DigestAnswer, bool) {
	if a, ok := d.known[r.String()]; ok && time.Since(a.At) < digestAge {
		return a, true
	}
	if until := d.resting[r.Registry()]; time.Now().Before(until) {
		return DigestAnswer{Reason: ReasonLimited, At: until.Add(-limitedRest)}, true
	}
	if a, ok := d.known[host+" "+r.String()]; ok && time.Since(a.At) < digestErrorAge {
		return a, true
	}
	return DigestAnswer{Reason: ReasonOther, At: time.Now()}, false
}

func (d *Digests) join(life context.Context, host string, r Ref, spawn func(func()) bool, ask func(context.Context) (string, error)) (chan struct{}, DigestAnswer, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, ok := d.look(host, r); ok {
		return nil, a, true
	}
	key := host + " " + r.String()
	if done := d.flights[key]; done != nil {
		return done, DigestAnswer{}, false
	}
	done := make(chan struct{})
	limit := d.limits[r.Registry()]
	if limit == nil {
		limit = rate.NewLimiter(askRate, 2*askRate)
		d.limits[r.Registry()] = limit
	}
	d.flights[key] = done
	began := spawn(func() {
		digest, err := d.question(life, limit, ask)
		d.remember(host, r, digest, err)
		close(done)
	})
	if !began {
		delete(d.flights, key)
		return nil, DigestAnswer{Reason: ReasonOther, At: time.Now()}, true
	}
	return done, DigestAnswer{}, false
}

func (d *Digests) question(life context.Context, limit *rate.Limiter, ask func(context.Context) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(life, digestTimeout)
	defer cancel()
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return "", &FailureError{Reason: ReasonStalled, Words: ctx.Err().Error()}
	}
	if err := limit.Wait(ctx); err != nil {
		return "", &FailureError{Reason: ReasonStalled, Words: err.Error()}
	}
	return ask(ctx)
}

func (d *Digests) remember(host string, r Ref, digest string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.flights, host+" "+r.String())
	if len(d.known) >= maxDigests {
		clear(d.known)
	}
	answer := DigestAnswer{Digest: digest, At: time.Now().UTC()}
	if err == nil && IsID(digest) {
		d.known[r.String()] = answer
		return
	}
	answer = DigestAnswer{Reason: cmp.Or(ReasonOf(err), ReasonOther), At: answer.At}
	switch {
	case errors.Is(err, ErrUnsupported):
		answer.Reason = ReasonUnsupported
	case answer.Reason == ReasonLimited:
		d.resting[r.Registry()] = time.Now().Add(limitedRest)
	}
	d.known[host+" "+r.String()] = answer
}

// UpdateState says whether a name means another image in its registry than the one that a container runs.
type UpdateState string

// The states.
const (
	UpdateAvailable UpdateState = "available"
	UpdateCurrent   UpdateState = "current"
	UpdatePinned    UpdateState = "pinned"   // the container names a digest
	UpdateLocal     UpdateState = "local"    // the image came from no registry
	UpdateChecking  UpdateState = "checking" // the registry hasn't answered yet
	UpdateUnknown   UpdateState = "unknown"
)

// Update is whether there is a newer image for a container.
type Update struct {
	State   UpdateState
	Digest  string // that the name has in the registry; empty where it isn't known
	Reason  Reason // of UpdateUnknown
	Checked time.Time
}

// Compare holds what a registry says of a name against the digests that an image came with.
func Compare(r Ref, digests []string, a DigestAnswer) Update {
	u := Update{State: UpdateUnknown, Digest: a.Digest, Reason: a.Reason, Checked: a.At}
	if a.Reason != "" {
		return u
	}
	u.State = UpdateAvailable
	for _, d := range digests {
		if own, err := ParseRef(d); err == nil && own.Repository() == r.Repository() && own.Version() == a.Digest {
			u.State = UpdateCurrent
		}
	}
	return u
}

// FromRegistry reports whether an image has a digest in the repository of a name.
func FromRegistry(r Ref, digests []string) bool {
	for _, d := range digests {
		if own, err := ParseRef(d); err == nil && own.Repository() == r.Repository() {
			return true
		}
	}
	return false
}
