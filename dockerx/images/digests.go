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
	// digestAge and digestErrorAge are how long a digest and a failure are cached.
	digestAge      = time.Hour
	digestErrorAge = 5 * time.Minute
	// limitedRest is how long a registry isn't asked after it refused because of too many requests.
	limitedRest = 15 * time.Minute
	// digestTimeout is the deadline of one request, including the wait for a slot.
	digestTimeout = 15 * time.Second
	// askAtOnce bounds the concurrent requests of all hosts; askRate is the limit for each registry in requests a second.
	askAtOnce = 8
	askRate   = 5
	// maxDigests is how many answers are cached.
	maxDigests = 10_000
)

// ErrUnsupported is the error of an engine that can't ask registries, such as Podman.
var ErrUnsupported = errors.New("the engine can't ask a registry for a digest")

// Digests caches the digests of image names in their registries. A registry is asked only when a caller needs a digest. It is
// safe for concurrent use; all hosts share one.
type Digests struct {
	slots chan struct{}

	mu      sync.Mutex
	answers map[string]DigestAnswer // by name; failures by host and name
	flights map[string]chan struct{}
	limits  map[string]*rate.Limiter // by registry
	resting map[string]time.Time     // when a registry may be asked again, by registry
}

// NewDigests returns an empty Digests.
func NewDigests() *Digests {
	return &Digests{
		slots: make(chan struct{}, askAtOnce), answers: map[string]DigestAnswer{}, flights: map[string]chan struct{}{},
		limits: map[string]*rate.Limiter{}, resting: map[string]time.Time{},
	}
}

// DigestAnswer is the digest of a name in its registry, or the reason why it is unknown.
type DigestAnswer struct {
	Digest string
	Reason Reason // empty: the digest is known
	At     time.Time
}

// Get returns the digest of a name in its registry: the cached one, else the result of ask. ask runs in the background, through
// spawn; it continues when ctx ends, but not when life ends. Concurrent callers share it. A digest is valid for all hosts, a
// failure only for this host. Errors: ctx's.
func (d *Digests) Get(ctx, life context.Context, host string, r Ref, spawn func(func()) bool, ask func(context.Context) (string, error)) (DigestAnswer, error) {
	done, answer, known := d.join(life, host, r, spawn, ask)
	if known {
		return answer, nil
	}
	select {
	case <-done:
		d.mu.Lock()
		defer d.mu.Unlock()
		answer, _ := d.cached(host, r)
		return answer, nil
	case <-ctx.Done():
		return DigestAnswer{}, ctx.Err()
	}
}

// cached returns the cached answer, and whether there is one. The caller holds mu.
func (d *Digests) cached(host string, r Ref) (DigestAnswer, bool) {
	if a, ok := d.answers[r.String()]; ok && time.Since(a.At) < digestAge {
		return a, true
	}
	if until := d.resting[r.Registry()]; time.Now().Before(until) {
		return DigestAnswer{Reason: ReasonLimited, At: until.Add(-limitedRest)}, true
	}
	if a, ok := d.answers[host+" "+r.String()]; ok && time.Since(a.At) < digestErrorAge {
		return a, true
	}
	return DigestAnswer{Reason: ReasonOther, At: time.Now()}, false
}

func (d *Digests) join(life context.Context, host string, r Ref, spawn func(func()) bool, ask func(context.Context) (string, error)) (chan struct{}, DigestAnswer, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, ok := d.cached(host, r); ok {
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
	if len(d.answers) >= maxDigests {
		clear(d.answers)
	}
	answer := DigestAnswer{Digest: digest, At: time.Now().UTC()}
	if err == nil && IsID(digest) {
		d.answers[r.String()] = answer
		return
	}
	answer = DigestAnswer{Reason: cmp.Or(ReasonOf(err), ReasonOther), At: answer.At}
	switch {
	case errors.Is(err, ErrUnsupported):
		answer.Reason = ReasonUnsupported
	case answer.Reason == ReasonLimited:
		d.resting[r.Registry()] = time.Now().Add(limitedRest)
	}
	d.answers[host+" "+r.String()] = answer
}

// UpdateState is the result of comparing a container's image with its name in the registry.
type UpdateState string

// The states.
const (
	UpdateAvailable UpdateState = "available"
	UpdateCurrent   UpdateState = "current"
	UpdatePinned    UpdateState = "pinned"   // the container's image name has a digest
	UpdateLocal     UpdateState = "local"    // the image is not from a registry
	UpdateChecking  UpdateState = "checking" // the registry hasn't answered yet
	UpdateUnknown   UpdateState = "unknown"
)

// Update reports whether there is a newer image for a container.
type Update struct {
	State   UpdateState
	Digest  string // of the name in the registry; empty if unknown
	Reason  Reason // for UpdateUnknown
	Checked time.Time
}

// Compare compares a name's digest in its registry with the digests of an image.
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
