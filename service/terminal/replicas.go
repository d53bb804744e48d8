package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/service"
	"wharf/util/apperr"
)

const (
	// beatEvery is how often a replica writes its rows with a new beat.
	beatEvery = 10 * time.Second
	// beatPatience is how long another replica's beat may stay unchanged, by the observer's clock, before it counts as dead.
	beatPatience = 3 * beatEvery
)

// replicas writes the rows of this process's open terminals to the database, and reads those of other replicas. It is nil if
// this process is the only one.
type replicas struct {
	db   *db.DB
	self string // new at each start

	mu   sync.Mutex // held while rows are written, so that a beat doesn't write a row again that was just deleted
	beat int64

	seenMu sync.Mutex
	seen   map[string]sighting
}

// sighting is a beat of another replica, and when it was first seen.
type sighting struct {
	beat int64
	at   time.Time
}

func newReplicas(d *db.DB) *replicas {
	if d == nil {
		return nil
	}
	return &replicas{db: d, self: uuid.NewString(), seen: map[string]sighting{}}
}

// write writes the rows of terminals with a new beat. It adds rows that another replica has deleted because it considered this
// one dead.
func (r *replicas) write(ctx context.Context, open func() []*Terminal) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := open()
	if len(all) == 0 {
		return nil
	}
	r.beat++
	return r.db.InTx(ctx, func(q *sqlc.Queries) error {
		for _, t := range all {
			if err := r.writeOne(ctx, q, t.listed()); err != nil {
				return fmt.Errorf("write open terminal: %w", err)
			}
		}
		return nil
	})
}

func (r *replicas) writeOne(ctx context.Context, q *sqlc.Queries, l Listed) error {
	command, err := json.Marshal(l.Request.Command.Args)
	if err != nil {
		return err
	}
	return q.BeatOpenTerminal(ctx, sqlc.BeatOpenTerminalParams{
		ID: l.ID, Replica: r.self, Beat: r.beat, UserID: l.user, Username: l.User, Address: l.Address, Since: db.Time(l.Since),
		Host: l.Request.Host, ContainerID: l.Request.ContainerID, ContainerName: l.Request.ContainerName,
		Command: string(command), Tty: l.TTY, BytesIn: l.In, BytesOut: l.Out,
	})
}

func (r *replicas) delete(ctx context.Context, id uuid.UUID) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.db.Queries().DeleteOpenTerminal(ctx, id)
}

// others returns the terminals of other living replicas, and deletes the rows of dead ones.
func (r *replicas) others(ctx context.Context) ([]Listed, error) {
	if r == nil {
		return nil, nil
	}
	rows, err := r.db.Queries().OpenTerminalsOfOthers(ctx, r.self)
	if err != nil {
		return nil, fmt.Errorf("list open terminals: %w", db.MapError(err))
	}
	dead := r.findDead(rows, time.Now())
	for replica, beat := range dead {
		if err := r.db.Queries().DeleteOpenTerminalsOf(ctx, sqlc.DeleteOpenTerminalsOfParams{Replica: replica, Beat: beat}); err != nil {
			return nil, fmt.Errorf("delete a dead replica's terminals: %w", db.MapError(err))
		}
	}
	all := make([]Listed, 0, len(rows))
	for _, row := range rows {
		if _, gone := dead[row.Replica]; gone {
			continue
		}
		one, err := listedOf(row)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// findDead returns the replicas whose beat has been unchanged for longer than beatPatience, with that beat.
func (r *replicas) findDead(rows []sqlc.OpenTerminal, now time.Time) (dead map[string]int64) {
	beats := map[string]int64{}
	for _, row := range rows {
		beats[row.Replica] = max(beats[row.Replica], row.Beat)
	}
	r.seenMu.Lock()
	defer r.seenMu.Unlock()
	dead = map[string]int64{}
	seen := make(map[string]sighting, len(beats))
	for replica, beat := range beats {
		s, known := r.seen[replica]
		switch {
		case !known || s.beat != beat:
			seen[replica] = sighting{beat, now}
		case now.Sub(s.at) > beatPatience:
			dead[replica] = beat
		default:
			seen[replica] = s
		}
	}
	r.seen = seen
	return dead
}

func listedOf(row sqlc.OpenTerminal) (Listed, error) {
	l := Listed{
		Info: Info{
			ID: row.ID, User: row.Username, Address: row.Address, Since: row.Since.UTC(), user: row.UserID,
			Request: service.TerminalRequest{Host: row.Host, ContainerID: row.ContainerID, ContainerName: row.ContainerName},
		},
		TTY: row.Tty, In: row.BytesIn, Out: row.BytesOut,
	}
	if err := json.Unmarshal([]byte(row.Command), &l.Request.Command.Args); err != nil {
		return Listed{}, fmt.Errorf("decode an open terminal's command: %w", err)
	}
	return l, nil
}

// requestEnd marks another replica's terminal to be ended, and raises the counter of revocations, which that replica watches.
// Errors: NotFound, the database's.
func (r *replicas) requestEnd(ctx context.Context, id uuid.UUID) error {
	err := r.db.InTx(ctx, func(q *sqlc.Queries) error {
		n, err := q.EndOpenTerminal(ctx, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoTerminal
		}
		return service.RaiseRevocations(ctx, r.db, q)
	})
	if err == nil || apperr.KindOf(err) == apperr.NotFound {
		return err
	}
	return fmt.Errorf("ask for a terminal's end: %w", db.MapError(err))
}

// ending returns this process's terminals that other replicas have marked to be ended.
func (r *replicas) ending(ctx context.Context) ([]uuid.UUID, error) {
	ids, err := r.db.Queries().EndingTerminals(ctx, r.self)
	if err != nil {
		return nil, fmt.Errorf("list terminals to end: %w", db.MapError(err))
	}
	return ids, nil
}
