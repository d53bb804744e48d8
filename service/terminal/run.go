package terminal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/service"
)

// maxOutput is how much of each stream RunCommand keeps, in bytes.
const maxOutput = 64 << 10

// Output is what came of a command that was run to its end.
type Output struct {
	Status
	Out, Errs []byte // 64 KiB each at most; what came after that is dropped
	Truncated bool
	TimedOut  bool // the command was still running at the limit
}

// RunCommand runs a command in a container without a terminal's input, until it ends or the limit is over; the command
// isn't undone then, only its output is no longer read. Errors: Invalid, Forbidden, NotFound, Conflict, TooMany, Unavailable, Daemon.
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
	if out.TimedOut { // the answer says so
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
