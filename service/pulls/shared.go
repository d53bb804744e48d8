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
	// writeEvery is how often a pull's row is updated, and pollEvery how often another replica reads it.
	writeEvery = time.Second
	pollEvery  = 500 * time.Millisecond
	// silence is the age at which the row of a pull under way means that its replica has ended. Replicas' clocks are assumed to
	// agree to about a second.
	silence = 30 * time.Second
	// writeLimit bounds a statement, even while the server stops.
	writeLimit = 2 * time.Second
)

// shared writes the rows of this replica's pulls to the database, and reads those of other replicas. It is nil if this process
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

// write writes a pull's row, and cancels the pull if another replica has requested that. An error is only logged: the pull
// continues.
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

// get returns another replica's pull, and the user that started it. If the replica has ended, hosts that were running have
// failed. Errors: NotFound, the database's.
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

// interrupt marks a pull as failed because its replica has ended.
func (p *Pull) interrupt(at time.Time) {
	p.State, p.Finished = StateFailed, at.UTC()
	for i := range p.Hosts {
		if h := &p.Hosts[i]; h.State == StateRunning {
			h.State, h.Reason, h.Detail = StateFailed, string(images.ReasonOther), "the server that had it pulled has ended"
		}
	}
}

// cancel requests that another replica cancel a pull.
func (s *shared) cancel(ctx context.Context, id uuid.UUID) error {
	if s == nil {
		return errNone
	}
	if _, err := s.db.Queries().CancelImagePull(ctx, id); err != nil {
		return fmt.Errorf("cancel a pull: %w", err)
	}
	return nil
}
