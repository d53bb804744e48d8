package recreate

import (
	"context"
	"slices"

	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// step is one step of a recreation. It can safely be repeated, and undone even if it wasn't run.
type step struct {
	name  string // in the journal and the log
	doing string // the end of an error message that begins with "cannot"
	// running marks steps only for a container that was running.
	running bool
	// forward marks steps from which a recreation is continued, not undone, after a restart or while the server stops: the
	// new container may already have been in use for a long time.
	forward bool
	// final marks steps after the new container has taken over. If one fails, it is tried again and not undone.
	final    bool
	do, undo func(context.Context, *job) error
}

// steps are the steps in order. To keep the downtime short, only renames come between the stop and the start.
var steps = []step{
	{name: "create", doing: "create the new container", do: create, undo: removeNew},
	{name: "hold", doing: "have the engine not restart the old container", do: hold, undo: unhold},
	{name: "stop", doing: "stop the old container", running: true, do: stopOld, undo: startOld},
	{name: "rename old", doing: "rename the old container", do: rename(oldOne, oldName), undo: rename(oldOne, itsName)},
	{name: "rename new", doing: "give the new container its name", do: rename(newOne, itsName), undo: rename(newOne, newName)},
	{name: "start", doing: "start the new container", running: true, forward: true, do: operateNew("start", nil), undo: operateNew("stop", nil)},
	{name: "wait", doing: "see the new container", running: true, forward: true, do: await, undo: nothing},
	{name: "remove old", doing: "remove the old container", forward: true, final: true, do: removeOld, undo: nothing},
}

func stepNamed(name string) int {
	return slices.IndexFunc(steps, func(s step) bool { return s.name == name })
}

func nothing(context.Context, *job) error { return nil }

func oldOne(j *job) string  { return j.old }
func newOne(j *job) string  { return j.New }
func itsName(j *job) string { return j.name }
func oldName(j *job) string { return j.OldName }
func newName(j *job) string { return j.NewName }

func create(ctx context.Context, j *job) (err error) {
	j.New, err = j.host.Create(ctx, j.successor, j.NewName)
	return err
}

// removeNew removes the new container with its anonymous volumes. The volumes that it shares with the old one have names.
func removeNew(ctx context.Context, j *job) error {
	id := j.New
	if id == "" {
		id = j.NewName // the engine may have created it without answering
	}
	err := j.operate(ctx, id, "remove", operations.Remove{Force: true, Volumes: true})
	if err == nil {
		j.Uncertain = false // it was created, and has been removed
	}
	return err
}

func removeOld(ctx context.Context, j *job) error {
	return ifThere(j.operate(ctx, j.old, "remove", operations.Remove{Force: true}))
}

// hold disables the old container's restart policy, so that a restarting engine doesn't start it together with the new one.
func hold(ctx context.Context, j *job) error { return setPolicy(ctx, j, "no") }

func unhold(ctx context.Context, j *job) error { return setPolicy(ctx, j, j.Restart) }

func setPolicy(ctx context.Context, j *job, policy string) error {
	if j.Restart == "" || j.Restart == "no" {
		return nil
	}
	return j.operate(ctx, j.old, "update", operations.Update{RestartPolicy: policy})
}

func stopOld(ctx context.Context, j *job) error {
	j.stopping = true
	err := j.operate(ctx, j.old, "stop", nil)
	j.stopping = err != nil
	return err
}

// startOld starts the old container again. An earlier stop may still be under way at the engine and would end the container
// after its start. Then startOld first stops it again, which returns when the container has ended.
func startOld(ctx context.Context, j *job) error {
	if j.stopping {
		if err := j.operate(ctx, j.old, "stop", nil); apperr.KindOf(err) == apperr.Unavailable {
			return err
		}
	}
	return j.operate(ctx, j.old, "start", nil)
}

func operateNew(name string, p operations.Params) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error { return j.operate(ctx, j.New, name, p) }
}

func rename(which, name func(*job) string) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		return j.operate(ctx, which(j), "rename", operations.Rename{Name: name(j)})
	}
}

// await waits until the new container is running or healthy, or until the server that resumed the recreation stops.
func await(ctx context.Context, j *job) error {
	if j.server != nil {
		ctx = j.server
	}
	s, reached, err := j.host.Await(ctx, j.New, j.Wait, j.Limit)
	switch {
	case ctx.Err() != nil:
		return errClosing
	case err != nil:
		return err
	}
	j.after = s
	if !reached {
		return apperr.New(apperr.Conflict, "it is not %s: %s", j.Wait, s.Describe())
	}
	return nil
}

// operate runs an operation on a container in its current state.
func (j *job) operate(ctx context.Context, id, name string, p operations.Params) error {
	ref, err := containers.ParseRef(id)
	if err != nil {
		return err
	}
	d, err := j.host.Resolve(ctx, ref)
	if err != nil {
		return err
	}
	_, err = j.host.Operate(ctx, d, operations.Operation{Name: name, Params: p})
	return err
}

// ifThere drops the error of a container that is gone.
func ifThere(err error) error {
	if apperr.KindOf(err) == apperr.NotFound {
		return nil
	}
	return err
}
