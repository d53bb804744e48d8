package pulls

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/images"
)

const (
	// writeEvery is how often a pull's row says how far it is, and pollEvery how often another replica reads it.
	writeEvery = time.Second
	pollEvery  = 500 * time.Millisecond
	// silence is how old the row of a pull under way may be: its replica has ended then. Replicas' clocks agree to a second
	// or so.
	silence = 30 * time.Second
	// writeLimit bounds a statement, also while the server stops.
	writeLimit = 2 * time.Second
)

// shared has rows of this replica's pulls in the database, and reads those of others. A nil *shared stands for a process that
// is the only one.
type shared struct {
	db   *db.DB
	keep time.Duration
	log  zerolog.Logger
}

func newShared(o Options) *shared {
	if o.Shared == nil {
		return nil
	}
	return &shared{o.Shared, o.Keep, o.Logger}
}

// follow writes a pull's row until the pull is done.
func (s *shared) follow(ctx context.Context, one *pull, done <-chan struct{}) {
	if s == nil {
		return
	}
	for ended := false; !ended; {
		select {
		case <-time.After(writeEvery):
		case <-done:
			ended = true
		}
		s.write(ctx, one)
	}
}

// write writes a pull's row, and ends the pull where another replica's caller wants that. A failure is logged: the pull goes on
// without.
func (s *shared) write(ctx context.Context, one *pull) {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	now, at := one.snapshot(), db.Time(time.Now())
	state, err := json.Marshal(now)
	if err == nil {
		var cancelling bool
		cancelling, err = s.db.Queries().WriteImagePull(ctx, sqlc.WriteImagePullParams{
			ID: now.ID, UserID: one.actor.UserID, State: string(state), Finished: !now.Finished.IsZero(), WrittenAt: at,
		})
		if cancelling {
			one.cancel()
		}
	}
	if err != nil {
		s.log.Warn().Err(err).Str("image", now.Image).Msg("other replicas don't learn how far a pull is")
	}
}

// clear removes rows that are too old to be looked up.
func (s *shared) clear(ctx context.Context) {
	if s == nil {
		return
	}
	if err := s.db.Queries().DeleteImagePulls(ctx, db.Time(time.Now().Add(-s.keep))); err != nil {
		s.log.Warn().Err(err).Msg("cannot remove old pulls")
	}
}

// get returns another replica's pull, and the user that began it. One whose replica has ended has failed where it was running.
// Errors: NotFound.
func (s *shared) get(ctx context.Context, id uuid.UUID) (owner uuid.UUID, now Pull, err error) {
	if s == nil {
		return owner, now, errNone
	}
	row, err := s.db.Queries().GetImagePull(ctx, id)
	if db.IsNoRows(err) {
		return owner, now, errNone
	}
	if err == nil {
		err = json.Unmarshal([]byte(row.State), &now)
	}
	if err != nil {
		return owner, now, fmt.Errorf("read a pull: %w", err)
	}
	switch age := time.Since(row.WrittenAt); {
	case age > s.keep:
		return owner, now, errNone
	case !row.Finished && age > silence:
		now.interrupt(row.WrittenAt)
	}
	return row.UserID, now, nil
}

// interrupt ends a pull of a replica that has ended.
func (p *Pull) interrupt(at time.Time) {
	p.State, p.Finished = StateFailed, at.UTC()
	for i := range p.Hosts {
		if h := &p.Hosts[i]; h.State == StateRunning {
			h.State, h.Reason, h.Detail = StateFailed, string(images.ReasonOther), "the server that had it pulled has ended"
		}
	}
}

// cancel asks another replica to end a pull.
func (s *shared) cancel(ctx context.Context, id uuid.UUID) error {
	if s == nil {
		return errNone
	}
	if _, err := s.db.Queries().CancelImagePull(ctx, id); err != nil {
		return fmt.Errorf("cancel a pull: %w", err)
	}
	return nil
}
