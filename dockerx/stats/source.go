package stats

import (
	"context"
	"errors"
	"io"
	"time"
)

// Source reads containers' counters.
type Source interface {
	// Read reads the containers' counters. It calls got with each reading as soon as it is available, from any goroutine and
	// at least once for each id, and returns after the last. With pairs, it reads two samples of each container, at least
	// minGap apart.
	Read(ctx context.Context, ids []string, pairs bool, got func(Reading))
	// Forget drops cached data of a container, because it started, stopped, was updated or was removed.
	Forget(id string)
	// Cost estimates the engine's CPU time for one sample. Zero means that the engine isn't asked.
	Cost() time.Duration
}

// Reading is the result of reading one container.
type Reading struct {
	ID     string
	Sample Sample
	// Err is nil, ErrNotRunning, ErrUnread, or another error if the container could not be read at the moment.
	Err error
}

// The errors of a reading.
var (
	// ErrNotRunning: the container has no process, or is gone.
	ErrNotRunning = errors.New("the container isn't running")
	// ErrUnread: this source can't read the container; another may.
	ErrUnread = errors.New("the container can't be read from here")
)

// Engine is the interface to a Docker engine that a Sampler uses. Its errors are classified, so that callers of the Sampler may
// see them.
type Engine interface {
	// Stats requests GET /containers/{id}/stats: one sample, or, with stream, one a second. The caller closes the body.
	// Errors: ErrNotRunning also for a container that doesn't exist.
	Stats(ctx context.Context, id string, stream bool) (io.ReadCloser, error)
	// List returns the host's containers, running or not, in the host's order.
	List(ctx context.Context) ([]Container, error)
	// Profile returns the engine's kind and version. It is called again after each reconnect.
	Profile(ctx context.Context) (Profile, error)
}

// Container is one row of a host's list.
type Container struct {
	ID      string // 64 hex digits
	Name    string // without '/'
	Labels  map[string]string
	Running bool // has a process, paused or not
}

// Profile has the properties of an engine that determine how to ask it for samples.
type Profile struct {
	Major  int  // Docker's major version, 20 for 20.10; 0 if unknown
	Podman bool // Podman, or another engine that answers directly
}

// waits reports whether a one-shot sample waits for the engine's next round. Docker before version 25 answers only from its
// collector, which reads its containers once a second, one after the other. From version 25 on it reads the container directly
// (moby engine/stats.go, "Get container stats directly if OneShot is set").
func (p Profile) waits() bool { return !p.Podman && p.Major < 25 }
