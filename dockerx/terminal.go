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

// Command is a command to run in a container. An empty User or Workdir means the container's own.
type Command struct {
	Args          []string
	User, Workdir string
	Env           []string // NAME=value, added to the container's
	TTY           bool
	Input         bool // false: standard input is empty
}

// The limits of a command.
const (
	maxCommandParts = 256  // arguments, and environment variables
	maxCommandText  = 4096 // bytes of user and workdir
)

// Check returns an error for an invalid command. Errors: apperr.Invalid, naming everything that is wrong.
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

// Terminal is the input and output of a process in a container: a new process (Exec) or the container's main process
// (Attach). Reading and writing may happen concurrently. The caller closes it.
type Terminal struct {
	// TTY: the process has a TTY. Its standard output and standard error are then one stream, and Resize has an effect.
	TTY bool

	conn      *Conn
	host      *Host
	container string
	exec      string // empty: the container's main process
}

// Exec runs a command in a container that Resolve returned, and returns the command's input and output. Closing the Terminal
// doesn't end the command, and Docker has no request that does. Errors: apperr.Conflict (not running, paused), Invalid,
// NotFound, Unavailable, Daemon.
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

// Attach returns the input and output of a container's main process. Earlier output is not included. Errors:
// apperr.Conflict (not running), NotFound, Unavailable, Daemon.
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

// CloseInput closes the process's standard input; its output stays open.
func (t *Terminal) CloseInput() error { return t.conn.CloseWrite() }

// Close closes the connection to the process; it doesn't end the process.
func (t *Terminal) Close() error { return t.conn.Close() }

// Copy writes the process's standard output to out and its standard error to errs (with a TTY: everything to out), and
// returns nil when they end. An error comes from a writer, or from a connection that was lost or closed.
func (t *Terminal) Copy(out, errs io.Writer) error {
	return engine.CopyOutput(out, errs, t.conn, t.TTY)
}

// Resize sets the size of the TTY, in characters. For a process that has ended it does nothing and returns nil.
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

// errStillRunning is returned by Exit for a process that hasn't ended.
var errStillRunning = apperr.New(apperr.Conflict, "the process is still running")

// IsStillRunning reports whether an error of Exit means that the process hasn't ended.
func IsStillRunning(err error) bool { return errors.Is(err, errStillRunning) }

// Exit returns the process's exit code. Engines report it shortly after the output has ended, so Exit asks repeatedly, for
// up to patience. Errors: one for which IsStillRunning is true, NotFound, Unavailable, Daemon.
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

// ResizeTTY sets the size of the TTY of a container's main process, in characters. Errors: apperr.Conflict for a container
// that isn't running or has no TTY, Unavailable, Daemon.
func (h *Host) ResizeTTY(ctx context.Context, d *containers.Details, columns, rows uint16) error {
	switch {
	case !d.State.Running:
		return apperr.New(apperr.Conflict, "container %s is not running", d.ID)
	case !d.Log.TTY:
		return apperr.New(apperr.Conflict, "container %s has no terminal", d.ID)
	}
	return (&Terminal{TTY: true, host: h, container: d.ID}).Resize(ctx, columns, rows)
}
