package terminal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/service"
)

// maxOutput is how many bytes of each stream RunCommand keeps.
const maxOutput = 64 << 10

// Output is the result of a command.
type Output struct {
	Status
	Out, Errs []byte // at most the first 64 KiB each
	Truncated bool
	TimedOut  bool // the command was still running at the limit
}

// RunCommand runs a command in a container without input, and waits until it ends or limit has passed. After limit its output
// is no longer read, and it may be left running. Errors: Invalid, Forbidden, NotFound, Conflict, TooMany, Unavailable, Daemon.
func (s *Terminals) RunCommand(ctx context.Context, actor service.Actor, host string, ref containers.Ref, c dockerx.Command, limit time.Duration) (out Output, err error) {
	r, err := s.prepare(ctx, actor, host, ref, service.TerminalRequest{Command: c})
	if err != nil {
		return out, err
	}
	t, err := s.begin(ctx, actor, r, service.ActionExec)
	if err != nil {
		return out, err
	}
	s.runToEnd(ctx, t, limit, &out)
	err = t.Close()
	if out.TimedOut { // reported by out
		err = nil
	}
	return out, err
}

func (s *Terminals) runToEnd(ctx context.Context, t *Terminal, limit time.Duration, out *Output) {
	late := time.AfterFunc(limit, func() { t.end(OpenTooLong) })
	defer late.Stop()
	defer context.AfterFunc(ctx, func() { t.end(ClientLeft) })()
	var outs, errs bounded
	t.Output(&outs, &errs)
	out.Status = t.Status(ctx)
	out.Out, out.Errs, out.Truncated = outs.take(), errs.take(), outs.cut() || errs.cut()
	out.TimedOut = out.Reason == OpenTooLong
}

func orNew(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return uuid.New()
	}
	return id
}
