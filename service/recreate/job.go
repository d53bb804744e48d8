package recreate

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/util/apperr"
	"wharf/util/text"
)

// lateCreateFor is how long after its start a recreation expects that a create call without an answer may still take effect.
const lateCreateFor = 10 * time.Minute

// job is one recreation, with the state that is needed to finish or undo it.
type job struct {
	id        uuid.UUID
	host      *dockerx.Host
	old, name string
	began     time.Time
	undoing   bool
	stopping  bool // the stop of the old container has begun, and may still be under way
	state
	successor *dockerx.Successor // nil for a resumed recreation, which doesn't run the step "create"
	record    Record             // for actions on the new container
	after     containers.State   // of the new container, after the wait
	server    context.Context    //nolint:containedctx // only for a resumed recreation: ends when the server stops
}

// state is the part of a job that the journal stores as JSON.
type state struct {
	OldName string `json:"old_name"`      // the old container's name while the new one has the final name
	NewName string `json:"new_name"`      // the new container's name before that
	New     string `json:"new,omitempty"` // the new container's id, once it is known
	// Uncertain is true if the engine may still create the new container, after a call without an answer.
	Uncertain bool          `json:"uncertain,omitempty"`
	Running   bool          `json:"running"` // the old container was running
	Restart   string        `json:"restart"` // the old container's restart policy
	Wait      string        `json:"wait"`
	Limit     time.Duration `json:"limit"`
}

// newJob returns a job with temporary names for both containers. The names show their purpose and can't be guessed, so that a
// container with such a name belongs to the recreation.
func newJob(q *Request, s *dockerx.Successor) *job {
	name := strings.TrimPrefix(q.Details.Name, "/")
	short, mark := text.Truncate(name, 100), strings.ToLower(rand.Text()[:10])
	return &job{
		host: q.Host, old: q.Details.ID, name: name, began: db.Time(time.Now()), successor: s, record: q.Record,
		state: state{OldName: short + "-old-" + mark, NewName: short + "-new-" + mark, Running: q.Details.State.Running},
	}
}

// begin writes a recreation into the journal and claims it. The caller must call release later. Errors: Conflict if the
// container is already being recreated.
func (r *Recreations) begin(ctx context.Context, j *job, q *Request) (err error) {
	if j.id, err = uuid.NewV7(); err != nil {
		return fmt.Errorf("recreation id: %w", err)
	}
	r.claim(j.id)
	err = r.db.Queries().CreateRecreation(ctx, sqlc.CreateRecreationParams{
		ID: j.id, At: j.began, UserID: q.UserID, Username: q.Username, Server: r.opts.Server,
		Host: j.host.Name(), ContainerID: j.old, ContainerName: j.name, Step: steps[0].name, State: j.encoded(),
	})
	if err != nil {
		r.release(j)
		if err = db.MapError(err); apperr.KindOf(err) == apperr.Conflict {
			return apperr.Wrap(apperr.Conflict, err, "the container is being recreated already")
		}
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func (j *job) encoded() string {
	b, _ := json.Marshal(j.state) // only strings, numbers and booleans: it can't fail
	return string(b)
}

// writeStep writes into the journal that a step begins, or that its undoing does.
func (r *Recreations) writeStep(ctx context.Context, j *job, s *step) error {
	_, err := r.db.Queries().UpdateRecreation(ctx, sqlc.UpdateRecreationParams{ID: j.id, Step: s.name, Undoing: j.undoing, State: j.encoded()})
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// end removes a recreation from the journal. If that fails, Run resumes the recreation and finds it done.
func (r *Recreations) end(ctx context.Context, j *job) {
	if _, err := r.db.Queries().DeleteRecreation(ctx, j.id); err != nil {
		r.opts.Logger.Error().Err(err).Str("container", j.name).Msg("cannot remove a recreation from the journal")
		r.wakeRun()
	}
}

// keepForLateCreate keeps an undone recreation in the journal, under the new container's name, for lateCreateFor: if a slow
// engine creates the new container after all, it is removed. The old container can be recreated in the meantime.
func (r *Recreations) keepForLateCreate(ctx context.Context, j *job) error {
	if time.Since(j.began) > lateCreateFor {
		r.end(ctx, j)
		return nil
	}
	_, err := r.db.Queries().RenameRecreation(ctx, sqlc.RenameRecreationParams{ID: j.id, ContainerName: j.NewName})
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	r.wakeRun()
	return nil
}

// wakeRun wakes Run to resume unfinished recreations.
func (r *Recreations) wakeRun() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// claim reserves a recreation for the caller, and reports whether it was free. If so, the caller must call release later.
func (r *Recreations) claim(id uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active[id] {
		return false
	}
	r.active[id] = true
	return true
}

func (r *Recreations) release(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, j.id)
}
