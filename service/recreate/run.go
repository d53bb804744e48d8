package recreate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/containers"
	"wharf/util/apperr"
)

// stepError is the error of a step.
type stepError struct {
	at  int
	err error
}

func (e *stepError) Error() string { return steps[e.at].name + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

var errClosing = apperr.New(apperr.NotReady, "the server is stopping")

// carryOut runs all steps, and undoes them if one fails. The steps after the creation are also audited as an action on the new
// container.
func (r *Recreations) carryOut(ctx context.Context, j *job) error {
	if err := r.runStep(ctx, j, 0); err != nil {
		return r.rollBack(ctx, j, err)
	}
	recorded := false
	err := j.record(ctx, j.newContainer(), func(ctx context.Context) error {
		recorded = true
		if err := r.advance(ctx, j, 1); err != nil {
			return r.rollBack(ctx, j, err)
		}
		return nil
	})
	if err != nil && !recorded {
		return r.rollBack(ctx, j, &stepError{1, err})
	}
	return err
}

// advance runs the steps beginning with from, and ends the recreation. Errors: *stepError. The failure of a final step is no
// error: the step is tried again later.
func (r *Recreations) advance(ctx context.Context, j *job, from int) error {
	for i := from; i < len(steps); i++ {
		err := r.runStep(ctx, j, i)
		switch {
		case err == nil:
		case steps[i].final:
			r.opts.Logger.Warn().Err(err).Str("container", j.name).Msg("the container is recreated, but the old one is left: it is removed later")
			r.wakeRun()
			return nil
		default:
			return err
		}
	}
	r.end(ctx, j)
	return nil
}

func (j *job) newContainer() Container {
	return Container{Host: j.host.Name(), ID: j.New, Name: j.name, Target: "in place of " + j.old[:12]}
}

// runStep runs one step. Errors: *stepError.
func (r *Recreations) runStep(ctx context.Context, j *job, i int) error {
	s := &steps[i]
	if s.running && !j.Running {
		return nil
	}
	if r.isClosing() && !s.forward {
		return &stepError{i, errClosing}
	}
	if err := r.writeStep(ctx, j, s); err != nil {
		return &stepError{i, err}
	}
	r.opts.Logger.Debug().Str("host", j.host.Name()).Str("container", j.name).Str("step", s.name).Msg("recreation step begins")
	if err := s.do(ctx, j); err != nil {
		return &stepError{i, err}
	}
	return nil
}

// undo undoes a step and all steps before it, and ends the recreation.
func (r *Recreations) undo(ctx context.Context, j *job, from int) error {
	j.undoing = true
	if err := r.writeStep(ctx, j, &steps[from]); err != nil { // undo nevertheless, as the next server would
		r.opts.Logger.Error().Err(err).Str("container", j.name).Msg("cannot write that a recreation is undone")
	}
	for i := from; i >= 0; i-- {
		s := &steps[i]
		if s.running && !j.Running {
			continue
		}
		r.opts.Logger.Debug().Str("host", j.host.Name()).Str("container", j.name).Str("step", s.name).Msg("recreation step is undone")
		if err := ifThere(s.undo(ctx, j)); err != nil {
			return fmt.Errorf("undo %s: %w", s.name, err)
		}
	}
	if j.Uncertain {
		return r.keepForLateCreate(ctx, j)
	}
	r.end(ctx, j)
	return nil
}

// rollBack undoes the steps up to the failed one, and returns the error for the caller, which names the step and the reason.
func (r *Recreations) rollBack(ctx context.Context, j *job, failure error) error {
	var at *stepError
	if !errors.As(failure, &at) {
		at = &stepError{0, failure}
	}
	answer := failedTo(steps[at.at].doing, at.err)
	kind := apperr.KindOf(at.err)
	j.Uncertain = j.New == "" && (kind == apperr.Unavailable || kind == apperr.Internal)
	err := r.undo(ctx, j, at.at)
	e, ok := apperr.As(answer)
	if !ok {
		e = &apperr.Error{Kind: apperr.Internal, Msg: "cannot " + steps[at.at].doing, Err: answer}
	}
	if err == nil {
		return &apperr.Error{Kind: e.Kind, Msg: e.Msg + "; the old container is as it was", Err: answer, RetryAfter: e.RetryAfter}
	}
	r.wakeRun()
	r.opts.Logger.Error().Err(err).Str("host", j.host.Name()).Str("container", j.name).Msg("a container isn't back yet after a failed recreation")
	return &apperr.Error{Kind: e.Kind, Msg: e.Msg + "; the old container is not back yet: wharf goes on trying", Err: errors.Join(answer, err)}
}

// resumesAtOnce is how many recreations are resumed concurrently.
const resumesAtOnce = 32

// Run resumes the recreations that earlier processes of this server or failures left unfinished, as soon as their hosts
// answer. It returns nil when ctx ends.
func (r *Recreations) Run(ctx context.Context) error {
	pause := r.opts.Retry
	for {
		left, err := r.resumeAll(ctx)
		if err != nil && ctx.Err() == nil {
			r.opts.Logger.Error().Err(err).Msg("cannot look for interrupted recreations")
		}
		var again <-chan time.Time
		if left || err != nil {
			again = time.After(pause)
		}
		select {
		case <-again:
			pause = min(2*pause, 8*r.opts.Retry)
		case <-r.wake:
			pause = r.opts.Retry
		case <-ctx.Done():
			return nil
		}
	}
}

// resumeAll resumes the unclaimed recreations, and reports whether some are left unfinished. It resumes them concurrently: a
// host may be down, or a new container may take long to become healthy.
func (r *Recreations) resumeAll(ctx context.Context) (left bool, err error) {
	rows, err := r.db.Queries().RecreationsOf(ctx, r.opts.Server)
	if err != nil {
		return false, fmt.Errorf("read the journal: %w", err)
	}
	var remains atomic.Bool
	var taking errgroup.Group
	taking.SetLimit(resumesAtOnce)
	for i := range rows {
		taking.Go(func() error {
			if ctx.Err() != nil || !r.claim(rows[i].ID) {
				remains.Store(true)
				return nil
			}
			j := &job{id: rows[i].ID}
			defer r.release(j)
			if err := r.resumeClaimed(ctx, j); err != nil {
				remains.Store(true)
				r.opts.Logger.Warn().Err(err).Str("host", rows[i].Host).Str("container", rows[i].ContainerName).Msg("a recreation that was interrupted waits")
			}
			return nil
		})
	}
	_ = taking.Wait() // none returns an error
	return remains.Load(), nil
}

// resumeClaimed finishes or undoes a claimed recreation. After an error it is tried again later.
func (r *Recreations) resumeClaimed(ctx context.Context, j *job) error {
	row, err := r.db.Queries().GetRecreation(ctx, j.id) // again, after the claim: it may have ended since the list was read
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	at, err := r.restore(j, &row)
	if err != nil {
		return err
	}
	if _, err := j.host.List(ctx); err != nil { // a host that is down is no reason to undo
		return err
	}
	if row.ContainerName == j.NewName && !j.appeared(ctx) {
		return r.keepForLateCreate(ctx, j)
	}
	j.server, ctx = ctx, context.WithoutCancel(ctx)
	old := Container{Host: row.Host, ID: j.old, Name: j.name, Target: "taken up again"}
	return j.record(ctx, old, func(ctx context.Context) error { return r.resume(ctx, j, at) })
}

// restore fills a job from its row in the journal, and returns its step.
func (r *Recreations) restore(j *job, row *sqlc.Recreation) (at int, err error) {
	host, ok := r.fleet.Host(row.Host)
	if !ok {
		return 0, errors.New("its host isn't among the hosts any more")
	}
	if at = stepNamed(row.Step); at < 0 {
		return 0, fmt.Errorf("this version has no step %q", row.Step)
	}
	j.host, j.old, j.name, j.began, j.undoing = host, row.ContainerID, row.ContainerName, row.At, row.Undoing
	j.record = r.opts.Record(row.UserID, row.Username)
	if err := json.Unmarshal([]byte(row.State), &j.state); err != nil {
		return 0, fmt.Errorf("decode the journal: %w", err)
	}
	j.Uncertain = j.Uncertain || j.New == "" && !j.undoing
	j.stopping = steps[at].name == "stop"
	return at, nil
}

// appeared reports whether there is a container with the new container's temporary name.
func (j *job) appeared(ctx context.Context) bool {
	ref, err := containers.ParseRef(j.NewName)
	if err == nil {
		_, err = j.host.Resolve(ctx, ref)
	}
	return err == nil
}

// resume continues a recreation from a step, or undoes it.
func (r *Recreations) resume(ctx context.Context, j *job, at int) error {
	if j.New == "" {
		return r.undo(ctx, j, at)
	}
	return j.record(ctx, j.newContainer(), func(ctx context.Context) error {
		if !steps[at].forward || j.undoing {
			return r.undo(ctx, j, at)
		}
		err := r.advance(ctx, j, at)
		if err == nil || apperr.KindOf(err) == apperr.Unavailable || errors.Is(err, errClosing) {
			return err
		}
		r.opts.Logger.Warn().Err(err).Str("host", j.host.Name()).Str("container", j.name).Msg("a recreation that was interrupted fails, and is undone")
		return r.undo(ctx, j, at)
	})
}
