package dockerapi

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"wharf/dockerx"
	"wharf/service"
	"wharf/service/terminal"
	"wharf/util/apperr"
)

// newExec is the body of POST /containers/{id}/exec.
type newExec struct {
	AttachStdin, AttachStdout, AttachStderr bool

	Tty, Privileged bool
	Cmd, Env        []string
	User            string
	WorkingDir      string
	ConsoleSize     *[2]uint16 // rows, columns
}

// createExec answers with the id of an exec. The id is wharf's own: the engine creates the exec when it is started. The rules of
// wharf's terminals apply (permission, label, EXEC_ENABLED, audit, ends).
func (a *API) createExec(w http.ResponseWriter, r *http.Request, c *Call) error {
	ref, err := c.ref()
	if err != nil {
		return err
	}
	var in newExec
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Privileged {
		return apperr.New(apperr.Forbidden, "a privileged exec is not in the typed tier of this API: it takes an admin's key of the scope docker")
	}
	command := dockerx.Command{Args: in.Cmd, User: in.User, Workdir: in.WorkingDir, Env: in.Env, TTY: in.Tty, Input: in.AttachStdin}
	if err := command.Check(); err != nil {
		return err
	}
	leave, err := a.execs.enter(c.actor)
	if err != nil {
		return err
	}
	ticket, request, err := a.Terminals.Ticket(r.Context(), c.actor, c.Host, ref, service.TerminalRequest{Command: command})
	if err != nil {
		leave()
		return err
	}
	x := a.execs.add(c.actor, &exec{request: request, ticket: ticket.Ticket, output: in.AttachStdout, errors: in.AttachStderr, size: in.ConsoleSize})
	return answer(w, http.StatusCreated, struct {
		ID string `json:"Id"`
	}{x.id})
}

// ofCall returns the exec that the path names, if it is the caller's own and on this host.
func (a *API) ofCall(c *Call) (*exec, error) {
	x := a.execs.find(c.actor, c.params["id"])
	if x == nil || x.request.Host != c.Host {
		return nil, apperr.New(apperr.NotFound, "No such exec instance: %.80s", c.params["id"])
	}
	return x, nil
}

// startExec answers POST /exec/{id}/start: the connection becomes the command's input and output until it ends.
func (a *API) startExec(w http.ResponseWriter, r *http.Request, c *Call) error {
	x, err := a.ofCall(c)
	if err != nil {
		return err
	}
	var in struct {
		Detach, Tty bool
		ConsoleSize *[2]uint16
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	switch {
	case in.Detach:
		return apperr.New(apperr.Forbidden, "a detached exec is not in the typed tier of this API, since it would outlive its caller's rights: it takes an admin's key of the scope docker")
	case in.Tty != x.request.Command.TTY:
		return apperr.New(apperr.Invalid, "Tty differs from what the exec was created with")
	case r.ProtoMajor != 1:
		return apperr.New(apperr.Invalid, "an exec takes its connection over, which takes HTTP/1.1")
	case !x.begin():
		return apperr.New(apperr.Conflict, "Error: Exec command %s has already run", x.id)
	}
	x.size = cmp.Or(in.ConsoleSize, x.size)
	t, err := a.Terminals.Open(r.Context(), x.ticket, x.request.Host, x.request.ContainerID, false)
	if err != nil {
		x.finish(terminal.Status{})
		if apperr.KindOf(err) == apperr.Unauthorized { // the exec's ticket has expired
			return apperr.New(apperr.Conflict, "exec %s was created too long ago to be started: create another one", x.id)
		}
		return err
	}
	defer func() { _ = t.Close() }()  // the audit records its error
	defer x.finish(terminal.Status{}) // if run didn't set one
	return x.run(r.Context(), t, &hijacked{w: w, r: r, framed: !t.TTY(), multiplexed: !c.before("1.42")})
}

// run copies bytes between client and command until the command or its terminal ends.
func (x *exec) run(ctx context.Context, t *terminal.Terminal, conn *hijacked) error {
	if err := conn.takeOver(); err != nil {
		return err
	}
	defer conn.close()
	x.opened(t)
	if s := x.size; s != nil {
		_ = t.Resize(ctx, s[1], s[0])
	}
	go conn.input(t, x.request.Command)
	t.Output(conn.writer(x.output, false), conn.writer(x.errors, true))
	x.finish(t.Status(context.WithoutCancel(ctx))) // before the client sees the end and asks for the exit code
	return nil
}

// openingTime is how long a resize waits for its exec to open: clients send the size while the exec starts.
const openingTime = 5 * time.Second

// resizeExec answers POST /exec/{id}/resize.
func (a *API) resizeExec(w http.ResponseWriter, r *http.Request, c *Call) error {
	x, err := a.ofCall(c)
	if err != nil {
		return err
	}
	columns, rows, err := sizeOf(r)
	if err != nil {
		return err
	}
	t := x.terminal(r.Context(), openingTime)
	if t == nil {
		return apperr.New(apperr.Conflict, "exec %s is not running", x.id)
	}
	if err := t.Resize(r.Context(), columns, rows); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// execState is the answer of GET /exec/{id}/json.
type execState struct {
	ID            string
	Running       bool
	ExitCode      *int
	ProcessConfig struct {
		TTY        bool     `json:"tty"`
		Entrypoint string   `json:"entrypoint"`
		Arguments  []string `json:"arguments"`
		Privileged bool     `json:"privileged"`
		User       string   `json:"user,omitempty"`
	}
	OpenStdin, OpenStderr, OpenStdout bool

	CanRemove   bool
	ContainerID string
	DetachKeys  string
	Pid         int
}

// inspectExec answers GET /exec/{id}/json.
func (a *API) inspectExec(w http.ResponseWriter, _ *http.Request, c *Call) error {
	x, err := a.ofCall(c)
	if err != nil {
		return err
	}
	command := x.request.Command
	s := execState{ID: x.id, ContainerID: x.request.ContainerID, OpenStdin: command.Input, OpenStdout: x.output, OpenStderr: x.errors}
	s.Running, s.ExitCode = x.state()
	p := &s.ProcessConfig
	p.TTY, p.Entrypoint, p.Arguments, p.User = command.TTY, command.Args[0], command.Args[1:], command.User
	return answer(w, http.StatusOK, s)
}
