package dockerx

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Command is what to run in a container. Empty fields mean what the container itself has.
type Command struct {
	Args          []string
	User, Workdir string
	Env           []string // NAME=value, added to the container's
	TTY           bool
	Input         bool // false: standard input is empty
}

// The most that a command may have.
const (
	maxCommandParts = 256
	maxCommandText  = 4096 // bytes of user and workdir
)

// Check refuses a command that makes no sense. Errors: apperr.Invalid, naming every part that is wrong.
func (c Command) Check() error {
	var problems []string
	for _, list := range []struct {
		name  string
		parts []string
	}{{"cmd", c.Args}, {"env", c.Env}} {
		if len(list.parts) > maxCommandParts {
			problems = append(problems, list.name+": has more than 256 parts")
		}
		if slices.ContainsFunc(list.parts, hasNUL) {
			problems = append(problems, list.name+": a NUL byte can't be passed to a program")
		}
	}
	if len(c.Args) == 0 || c.Args[0] == "" {
		problems = append(problems, "cmd: expected a program and its arguments")
	}
	if slices.ContainsFunc(c.Env, func(v string) bool { return strings.Index(v, "=") < 1 }) {
		problems = append(problems, "env: expected NAME=value")
	}
	if hasNUL(c.User) || len(c.User) > maxCommandText {
		problems = append(problems, "user: expected a name or number")
	}
	if hasNUL(c.Workdir) || len(c.Workdir) > maxCommandText || (c.Workdir != "" && c.Workdir[0] != '/') {
		problems = append(problems, "workdir: expected an absolute path")
	}
	if problems == nil {
		return nil
	}
	return apperr.New(apperr.Invalid, "%s", strings.Join(problems, "; "))
}

func hasNUL(s string) bool { return strings.ContainsRune(s, 0) || !utf8.ValidString(s) }

// Terminal is the input and output of a process in a container: one of its own (Exec) or the container's first
// (Attach). Reading and writing may go on at the same time. Its user closes it.
type Terminal struct {
	// TTY reports that output and errors come as one, and that Resize makes sense.
	TTY bool

	conn      *Conn
	host      *Host
	container string
	exec      string // empty: the container's first process
}

// Exec runs a command in a container that Resolve found, and returns its input and output. The command lives until it
// ends by itself: Docker can't end it, and it outlives the Terminal. Errors: apperr.Conflict (not running, paused),
// Invalid, NotFound, Unavailable, Daemon.
func (h *Host) Exec(ctx context.Context, d *containers.Details, c Command) (*Terminal, error) {
	t := &Terminal{TTY: c.TTY, host: h, container: d.ID}
	err := change(ctx, h, "create exec", h.readLimit, func(ctx context.Context, e engine.Changes) error {
		made, err := e.ContainerExecCreate(ctx, d.ID, container.ExecOptions{
			Cmd: c.Args, User: c.User, WorkingDir: c.Workdir, Env: c.Env, Tty: c.TTY,
			AttachStdin: c.Input, AttachStdout: true, AttachStderr: true, DetachKeys: engine.DetachKeys,
		})
		t.exec = made.ID
		return err
	})
	if err != nil {
		return nil, err
	}
	t.conn, err = openConn(ctx, h, "start exec", h.readLimit, func(ctx context.Context, e engine.Follows) (*connect.Conn, error) {
		return e.ExecStart(ctx, t.exec, c.TTY)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Attach returns the input and output of a container's first process, from now on. Errors: apperr.Conflict (not
// running), NotFound, Unavailable, Daemon.
func (h *Host) Attach(ctx context.Context, d *containers.Details) (*Terminal, error) {
	if !d.State.Running {
		return nil, apperr.New(apperr.Conflict, "the container is not running")
	}
	conn, err := openConn(ctx, h, "attach to container", h.readLimit, func(ctx context.Context, e engine.Follows) (*connect.Conn, error) {
		return e.ContainerAttach(ctx, d.ID, d.OpenStdin)
	})
	if err != nil {
		return nil, err
	}
	return &Terminal{TTY: d.Log.TTY, conn: conn, host: h, container: d.ID}, nil
}

// Write sends input to the process.
func (t *Terminal) Write(p []byte) (int, error) { return t.conn.Write(p) }

// CloseInput ends the process's standard input; its output goes on.
func (t *Terminal) CloseInput() error { return t.conn.CloseWrite() }

// Close lets the process go; it doesn't end it.
func (t *Terminal) Close() error { return t.conn.Close() }

// Copy writes the process's output and errors (with a TTY: all to out) until they end, and returns nil then. An error
// is that of a writer, or says that the connection was lost or closed.
func (t *Terminal) Copy(out, errs io.Writer) error {
	return engine.CopyOutput(out, errs, t.conn, t.TTY)
}

// Resize sets the size of the TTY, in characters. A process that has ended has none: that is no error.
func (t *Terminal) Resize(ctx context.Context, columns, rows uint16) error {
	size := container.ResizeOptions{Width: uint(columns), Height: uint(rows)}
	err := change(ctx, t.host, "resize terminal", t.host.readLimit, func(ctx context.Context, e engine.Changes) error {
		if t.exec == "" {
			return e.ContainerResize(ctx, t.container, size)
		}
		return e.ContainerExecResize(ctx, t.exec, size)
	})
	if kind := apperr.KindOf(err); kind == apperr.NotFound || kind == apperr.Conflict {
		return nil
	}
	return err
}

// errStillRunning is what Exit returns for a process that hasn't ended.
var errStillRunning = apperr.New(apperr.Conflict, "the process is still running")

// IsStillRunning reports whether an error of Exit means that the process hasn't ended.
func IsStillRunning(err error) bool { return errors.Is(err, errStillRunning) }

// Exit returns the process's exit code. An engine reports it a moment after the output has ended: Exit asks again for
// up to patience. Errors: one that IsStillRunning knows, NotFound, Unavailable, Daemon.
func (t *Terminal) Exit(ctx context.Context, patience time.Duration) (code int, err error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		running, code, err := t.inspect(ctx)
		if err != nil || !running {
			return code, err
		}
		select {
		case <-time.After(pause):
		case <-late.C:
			return 0, errStillRunning
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (t *Terminal) inspect(ctx context.Context) (running bool, code int, err error) {
	if t.exec == "" {
		d, err := t.host.inspect(ctx, t.container)
		if err != nil {
			return false, 0, err
		}
		return d.State.Running, d.State.ExitCode, nil
	}
	found, err := call(ctx, t.host, "inspect exec", t.host.readLimit, func(ctx context.Context, e engine.Reads) (container.ExecInspect, error) {
		return e.ContainerExecInspect(ctx, t.exec)
	})
	return found.Running, found.ExitCode, err
}

// ResizeTTY sets the size of the TTY of a container's first process, in characters. Errors: apperr.Conflict for a container
// that isn't running or has none, Unavailable, Daemon.
func (h *Host) ResizeTTY(ctx context.Context, d *containers.Details, columns, rows uint16) error {
	switch {
	case !d.State.Running:
		return apperr.New(apperr.Conflict, "container %s is not running", d.ID)
	case !d.Log.TTY:
		return apperr.New(apperr.Conflict, "container %s has no terminal", d.ID)
	}
	return (&Terminal{TTY: true, host: h, container: d.ID}).Resize(ctx, columns, rows)
}
