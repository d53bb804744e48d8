package stats

import (
	"context"
	"errors"
	"io"
	"time"
)

// Source reads containers' counters.
type Source interface {
	// Read reads the containers and hands over each reading as soon as it is there, from any
	// goroutine, at least one for each id; it returns after the last. With pairs, every container
	// lacks something to compare with: two samples at least minGap apart are handed over.
	Read(ctx context.Context, ids []string, pairs bool, got func(Reading))
	// Forget drops what was kept of a container: it started, stopped, was updated or removed.
	Forget(id string)
	// Cost is the engine's CPU for one sample, estimated. Zero means that the engine isn't asked.
	Cost() time.Duration
}

// Reading is what came of reading one container.
type Reading struct {
	ID     string
	Sample Sample
	// Err is nil, ErrNotRunning, ErrUnread, or how the engine could not be reached.
	Err error
}

// What can come instead of a sample.
var (
	// ErrNotRunning says that the container has no process, or is gone.
	ErrNotRunning = errors.New("the container isn't running")
	// ErrUnread says that this source can't see the container; another may.
	ErrUnread = errors.New("the container can't be read from here")
)

// Engine is what a sampler needs of a Docker engine. Errors are those that a caller of the sampler
// may see (classified); ErrNotRunning for a container that doesn't exist.
type Engine interface {
	// Stats begins an answer of GET /containers/{id}/stats: one sample, or with stream one a second.
	Stats(ctx context.Context, id string, stream bool) (io.ReadCloser, error)
	// List returns the host's containers, running or not, in the host's order.
	List(ctx context.Context) ([]Container, error)
	// Profile returns what kind of engine it is. It is asked after each reconnect.
	Profile(ctx context.Context) (Profile, error)
}

// Container is one row of a host's list.
type Container struct {
	ID      string // 64 hex digits
	Name    string // without '/'
	Labels  map[string]string
	Running bool // has a process, paused or not
}

// Profile is what decides how an engine is best asked.
type Profile struct {
	Major  int  // Docker's version, 20 for 20.10; 0 where unknown
	Podman bool // or another engine that answers at once
}

// waits reports whether one-shot samples wait for the engine's own round. Docker before 25 answers
// only from its collector, which goes round its containers once a second, one after the other;
// from 25 on it reads the container at once (moby engine/stats.go, "Get container stats directly if
// OneShot is set").
func (p Profile) waits() bool { return !p.Podman && p.Major < 25 }
