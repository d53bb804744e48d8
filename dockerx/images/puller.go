package images

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Engine is the interface to one engine that a Puller uses. Errors are classified.
type Engine interface {
	// OpenPull starts a pull. The body has a line of JSON for each step. Errors: *RefusedError if the engine refuses.
	OpenPull(ctx context.Context, r Ref, platform, auth string) (io.ReadCloser, error)
	// Image returns the engine's image with a name or id. Errors: apperr.NotFound.
	Image(ctx context.Context, name string) (Image, error)
	// Platform returns the engine's native platform, for example "linux/amd64".
	Platform(ctx context.Context) (string, error)
	Tag(ctx context.Context, id string, r Ref) error
	// Remove removes a name, or an image by its id, unless it is in use.
	Remove(ctx context.Context, name string) error
}

// RefusedError is an engine's refusal of a pull. Words is the engine's message.
type RefusedError struct{ Words string }

// Error returns the engine's message.
func (e *RefusedError) Error() string { return e.Words }

// Image is one image of an engine as an inspect reports it.
type Image struct {
	ID       string // sha256:…
	Platform string // linux/amd64
	Tags     []string
	Digests  []string // name@sha256:…
}

// Pulled is the result of a pull.
type Pulled struct {
	ID      string // of the image that the name refers to now
	Digest  string // in the registry; "" if the engine doesn't report it
	Changed bool   // false: the engine had the image already
}

// PullerOptions configures a Puller. The zero value is ready for use.
type PullerOptions struct {
	Credentials *Credentials
	// Stall is how long an engine may send nothing during a pull. Default 90 s: an engine sends nothing while it extracts
	// a large layer to a slow disk.
	Stall time.Duration
	// AtOnce is how many images a host pulls at a time; others wait. Default 4.
	AtOnce int
}

// Puller makes one engine pull images. It is safe for concurrent use.
type Puller struct {
	life   context.Context //nolint:containedctx // of the host: no pull outlives it
	engine Engine
	opts   PullerOptions
	slots  chan struct{}

	mu      sync.Mutex
	flights map[string]*flight
}

// NewPuller returns a Puller for an engine. Its pulls end when life ends.
func NewPuller(life context.Context, e Engine, o PullerOptions) *Puller {
	o.Stall, o.AtOnce = cmp.Or(o.Stall, 90*time.Second), cmp.Or(o.AtOnce, 4)
	return &Puller{life: life, engine: e, opts: o, slots: make(chan struct{}, o.AtOnce), flights: map[string]*flight{}}
}

// Pull makes the engine pull an image, or joins a pull of the image that is in progress. It calls report, which may be nil,
// with the progress. platform is, for example, "linux/arm64"; "" means the engine's own. The pull is canceled when all callers
// have left; the engine keeps the complete layers. If the pulled image is for another platform, its name is given back to the
// image that had it before. Errors: an *apperr.Error that wraps a *FailureError, Invalid, Unavailable, and ctx's.
func (p *Puller) Pull(ctx context.Context, r Ref, platform string, report func(Progress)) (Pulled, error) {
	if r.named == nil {
		return Pulled{}, apperr.New(apperr.Invalid, "image: missing")
	}
	f := p.join(ctx, r, platform)
	defer p.leave(f)
	return f.wait(ctx, report)
}

// fly carries out a flight's pull.
func (p *Puller) fly(ctx context.Context, f *flight) (Pulled, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return Pulled{}, ctx.Err()
	}
	before, err := p.engine.Image(ctx, f.ref.String())
	if err != nil && apperr.KindOf(err) != apperr.NotFound {
		return Pulled{}, err
	}
	digest, err := p.transfer(ctx, f)
	if err != nil {
		return Pulled{}, err
	}
	after, err := p.engine.Image(ctx, f.ref.String())
	if err != nil {
		return Pulled{}, err
	}
	if err := p.checkPlatform(ctx, f, before, after); err != nil {
		return Pulled{}, err
	}
	return Pulled{ID: after.ID, Digest: cmp.Or(digest, digestIn(after, f.ref)), Changed: before.ID != after.ID}, nil
}

// transfer starts the pull and waits for its end. It returns the digest that the engine reported.
func (p *Puller) transfer(ctx context.Context, f *flight) (digest string, err error) {
	auth, err := p.opts.Credentials.For(f.ref.Registry())
	if err != nil {
		return "", apperr.Wrap(apperr.Daemon, err, "cannot pull %s: wharf's file of credentials (REGISTRY_CONFIG) %s", f.ref, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(p.opts.Stall, func() { cancel(errStalled) })
	defer watchdog.Stop()
	digest, err = p.read(ctx, f, auth, func() { watchdog.Reset(p.opts.Stall) })
	var refused *RefusedError
	switch {
	case err == nil:
		return digest, nil
	case errors.Is(context.Cause(ctx), errStalled):
		return "", failed(f.ref, ReasonStalled, fmt.Sprintf("nothing for %s", p.opts.Stall), "")
	case errors.As(err, &refused):
		return "", p.refusal(f.ref, auth.redact(refused.Words))
	}
	return "", err
}

var errStalled = errors.New("the pull stalled")

// refusal returns the error for an engine's message.
func (p *Puller) refusal(r Ref, words string) error {
	reason, hint := reasonOf(r, words), ""
	if reason == ReasonDenied || reason == ReasonUnknown {
		if p.opts.Credentials.leftOut(r.Registry()) {
			hint = "; REGISTRY_CONFIG leaves its credentials to a credential helper, which wharf doesn't run"
		}
	}
	return failed(r, reason, words, hint)
}

func (p *Puller) read(ctx context.Context, f *flight, auth Auth, alive func()) (digest string, err error) {
	body, err := p.engine.OpenPull(ctx, f.ref, f.platform, auth.Header)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	var t tracker
	for lines.Scan() {
		alive()
		if len(lines.Bytes()) == 0 {
			continue
		}
		failure, err := t.add(lines.Bytes())
		if err != nil {
			return "", failed(f.ref, ReasonBroken, "the engine's answer isn't a pull's", "")
		}
		if failure != "" {
			return "", &RefusedError{failure}
		}
		f.report(t.now)
	}
	if err := lines.Err(); err != nil {
		return "", apperr.Wrap(apperr.Unavailable, err, "cannot pull %s: the engine broke off", f.ref)
	}
	t.now.Step = "done"
	f.report(t.now)
	return t.digest, nil
}

// checkPlatform returns an error if the pulled image isn't for the requested platform, and gives its name back to the image
// that had it before. Without a requested platform, the engine's own or that of the image before is accepted.
func (p *Puller) checkPlatform(ctx context.Context, f *flight, before, after Image) error {
	want := f.platform
	if want == "" {
		if after.ID == before.ID || before.Platform == after.Platform {
			return nil
		}
		var err error
		if want, err = p.engine.Platform(ctx); err != nil {
			return err
		}
	}
	if samePlatform(want, after.Platform) {
		return nil
	}
	err := failed(f.ref, ReasonPlatform, fmt.Sprintf("it is for %s, wanted is %s", after.Platform, want), "")
	if after.ID == before.ID {
		return err
	}
	undo := context.WithoutCancel(ctx)
	if before.ID == "" {
		return errors.Join(err, p.engine.Remove(undo, f.ref.String()))
	}
	if again := p.engine.Tag(undo, before.ID, f.ref); again != nil {
		return errors.Join(err, again)
	}
	_ = p.engine.Remove(undo, after.ID) // fails if it has another name or is in use
	return err
}

// samePlatform compares system and architecture. An unknown part matches any.
func samePlatform(a, b string) bool {
	one, two := strings.SplitN(a, "/", 3), strings.SplitN(b, "/", 3)
	for i := range min(2, len(one), len(two)) {
		if one[i] != "" && two[i] != "" && one[i] != two[i] {
			return false
		}
	}
	return true
}

// digestIn returns an image's digest in a name's repository, "" if it has none.
func digestIn(i Image, r Ref) string {
	for _, d := range i.Digests {
		if named, err := ParseRef(d); err == nil && named.Repository() == r.Repository() {
			return named.Version()
		}
	}
	return ""
}
