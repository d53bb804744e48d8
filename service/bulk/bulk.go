// Package bulk does an operation on many containers: so many at a time, in the order of their dependencies, until all have
// ended, too many have failed or it is cancelled.
//
// Job. Start resolves which containers the caller may operate on and returns; the operation goes on without the caller, with
// the rights that its user has at each container. Each container is an operation of service.Host with an audit row of its
// own, which names this one. State is in the database: all replicas show it, and the one that took it carries it out.
//
// Owner. main makes one Bulk, calls EndOwn before anything starts and Close before the hosts are closed. What Close or a
// crash interrupts isn't taken up again: it is marked interrupted.
package bulk

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/service"
)

// The states of an operation, and in part of its containers.
const (
	StateRunning     = "running"
	StateSucceeded   = "succeeded"
	StateFailed      = "failed" // on some containers
	StateCancelled   = "cancelled"
	StateInterrupted = "interrupted" // by the end of its server
	StatePlanned     = "planned"     // a dry run

	StateWaiting = "waiting"
	StateOK      = "ok"
	StateSkipped = "skipped"
)

// Options are the settings of New; zero values are good.
type Options struct {
	// Server names this server across its restarts, as the audit's does.
	Server string
	// PerUser and Total are how many operations one user, and all together, may have under way. Default 8 and 64.
	PerUser, Total int
	// Keep is how long an operation can be looked up after its end. Default 30 days.
	Keep   time.Duration
	Logger zerolog.Logger
}

// Bulk is the operations on many containers of a server. It is safe for concurrent use.
type Bulk struct {
	db       *db.DB
	hosts    *service.Hosts
	sessions *service.Sessions
	opts     Options

	closing chan struct{}
	ended   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running map[uuid.UUID]*run
}

// New makes a Bulk on a migrated database.
func New(d *db.DB, hosts *service.Hosts, sessions *service.Sessions, o Options) *Bulk {
	o.PerUser, o.Total, o.Keep = cmp.Or(o.PerUser, 8), cmp.Or(o.Total, 64), cmp.Or(o.Keep, 30*24*time.Hour)
	return &Bulk{
		db: d, hosts: hosts, sessions: sessions, opts: o,
		closing: make(chan struct{}), running: map[uuid.UUID]*run{},
	}
}

// Close begins no more containers, waits a moment for those under way, marks what is left as interrupted, and returns.
func (b *Bulk) Close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.closing)
	}
	b.mu.Unlock()
	b.ended.Wait()
}

// Run deletes operations that ended too long ago, each hour, and returns nil when ctx ends.
func (b *Bulk) Run(ctx context.Context) error {
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for {
		_, err := b.db.Queries().DeleteBulkOperationsBefore(ctx, nullTime(time.Now().Add(-b.opts.Keep)))
		if err != nil && ctx.Err() == nil {
			b.opts.Logger.Error().Err(err).Msg("old operations stay")
		}
		select {
		case <-hour.C:
		case <-ctx.Done():
			return nil
		}
	}
}
