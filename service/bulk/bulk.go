// Package bulk runs an operation on many containers: a limited number at a time, in the order of their dependencies, until
// all have ended, too many have failed, or the operation is cancelled.
//
// Job. Start finds the containers that the caller may operate on and returns. The operation continues without the caller; for
// each container it uses the rights that the user has at that time. Each container is one operation of service.Host, with its
// own audit row, which names the bulk operation. The state is in the database, so that all replicas show it. The replica that
// started the operation runs it.
//
// Owner. main creates one Bulk, calls EndOwn before anything starts, and Close before the hosts are closed. An operation that
// Close or a crash interrupts isn't resumed but marked as interrupted.
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

// The states of an operation. Its containers can be running, failed or interrupted, or in one of the last three states.
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

// Options are the settings of New. The zero value of a field is its default.
type Options struct {
	// Server names this server across its restarts, like AuditOptions.Server.
	Server string
	// PerUser and Total are how many operations may run at the same time for one user and in total. Default 8 and 64.
	PerUser, Total int
	// Keep is how long an operation can be looked up after its end. Default 30 days.
	Keep   time.Duration
	Logger zerolog.Logger
}

// Bulk runs a server's operations on many containers. It is safe for concurrent use.
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

// New returns a Bulk on a migrated database.
func New(d *db.DB, hosts *service.Hosts, sessions *service.Sessions, o Options) *Bulk {
	o.PerUser, o.Total, o.Keep = cmp.Or(o.PerUser, 8), cmp.Or(o.Total, 64), cmp.Or(o.Keep, 30*24*time.Hour)
	return &Bulk{
		db: d, hosts: hosts, sessions: sessions, opts: o,
		closing: make(chan struct{}), running: map[uuid.UUID]*run{},
	}
}

// Close starts no more containers, waits up to a second for those under way, marks unfinished operations as interrupted, and
// returns.
func (b *Bulk) Close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.closing)
	}
	b.mu.Unlock()
	b.ended.Wait()
}

// Run deletes, every hour, operations that ended more than Options.Keep ago. It returns nil when ctx ends.
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
