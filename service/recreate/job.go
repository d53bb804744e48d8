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

// lookOutFor is how long after its begin a creation may still have its effect, though its call had no answer.
const lookOutFor = 10 * time.Minute

// job is one recreation, and what must be known to finish or undo it.
type job struct {
	id        uuid.UUID
	host      *dockerx.Host
	old, name string
	began     time.Time
	undoing   bool
	stopping  bool // the old one's stop began, and whether it has ended isn't known
	state
	successor *dockerx.Successor // nil for one that was taken up: it is created, or will not be
	record    Record             // of the new container
	after     containers.State   // of the new container, once it is what was waited for
	server    context.Context    //nolint:containedctx // of what was taken up: ends when the server stops, which waits for Run; else nil
}

// state is what the journal keeps as JSON.
type state struct {
	OldName string `json:"old_name"`      // of the old container, while the new one has its name
	NewName string `json:"new_name"`      // of the new container, before that
	New     string `json:"new,omitempty"` // its id, once it is known
	// Uncertain: the engine may create the new container yet, after a call that had no answer.
	Uncertain bool          `json:"uncertain,omitempty"`
	Running   bool          `json:"running"` // the old one ran
	Restart   string        `json:"restart"` // the old one's restart policy
	Wait      string        `json:"wait"`
	Limit     time.Duration `json:"limit"`
}

// newJob gives both containers names for meanwhile that show what they are, and that can't be guessed: what has such a name
// is the recreation's own.
func newJob(q *Request, s *dockerx.Successor) *job {
	name := strings.TrimPrefix(q.Details.Name, "/")
	short, mark := text.Truncate(name, 100), strings.ToLower(rand.Text()[:10])
	return &job{
		host: q.Host, old: q.Details.ID, name: name, began: db.Time(time.Now()), successor: s, record: q.Record,
		state: state{OldName: short + "-old-" + mark, NewName: short + "-new-" + mark, Running: q.Details.State.Running},
	}
}

// begin enters a recreation into the journal. release must follow.
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
	b, _ := json.Marshal(j.state) // texts and numbers: it can't fail
	return string(b)
}

// enter writes into the journal that a step begins, or is being undone.
func (r *Recreations) enter(ctx context.Context, j *job, s *step) error {
	_, err := r.db.Queries().UpdateRecreation(ctx, sqlc.UpdateRecreationParams{ID: j.id, Step: s.name, Undoing: j.undoing, State: j.encoded()})
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// end removes a recreation from the journal. Where it can't, the recreation is taken up once more, and found to be done.
func (r *Recreations) end(ctx context.Context, j *job) {
	if _, err := r.db.Queries().DeleteRecreation(ctx, j.id); err != nil {
		r.opts.Logger.Error().Err(err).Str("container", j.name).Msg("cannot remove a recreation from the journal")
		r.leave()
	}
}

// lookOut keeps a recreation that is undone in the journal, under its new container's name, until an engine that is slow to
// create it must have done so: what appears by then is removed. The old container can be recreated meanwhile.
func (r *Recreations) lookOut(ctx context.Context, j *job) error {
	if time.Since(j.began) > lookOutFor {
		r.end(ctx, j)
		return nil
	}
	_, err := r.db.Queries().RenameRecreation(ctx, sqlc.RenameRecreationParams{ID: j.id, ContainerName: j.NewName})
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	r.leave()
	return nil
}

// leave has Run look for what is left.
func (r *Recreations) leave() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// claim reports whether a recreation is free to work on, and keeps others away. release must follow.
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
