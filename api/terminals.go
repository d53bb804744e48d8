package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"wharf/api/channels"
	"wharf/api/dto"
	"wharf/api/edge"
	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/service"
	"wharf/service/terminal"
	"wharf/util/apperr"
)

// maxExecLimit is the longest time that a request may wait for its command.
const maxExecLimit = 5 * time.Minute

// exec answers POST …/exec with a ticket for a terminal, or with the result of the command.
func (s *Server) exec(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.ExecQuery, in dto.ExecRequest) error {
	ref, err := containers.ParseRef(pathParam(r, "id"))
	if err != nil {
		return err
	}
	command, err := commandOf(in)
	if err != nil {
		return err
	}
	host := pathParam(r, "host")
	if q.Wait {
		return s.runCommand(w, r, actor, host, ref, command, q.Limit)
	}
	command.Input = true
	t, request, err := s.terminals.Ticket(r.Context(), actor, host, ref, service.TerminalRequest{Command: command})
	if err != nil {
		return err
	}
	return respondData(w, dto.ExecResult{Ticket: t.Ticket, ExpiresAt: t.ExpiresAt, URL: attachURL(request, "exec/attach", t)})
}

func (s *Server) runCommand(w http.ResponseWriter, r *http.Request, actor service.Actor, host string, ref containers.Ref, c dockerx.Command, limit time.Duration) error {
	if limit > maxExecLimit {
		return apperr.New(apperr.Invalid, "limit: expected at most %s", maxExecLimit)
	}
	out, err := s.terminals.RunCommand(r.Context(), actor, host, ref, c, limit)
	if err != nil {
		return err
	}
	stdout, stderr := strings.ToValidUTF8(string(out.Out), "\uFFFD"), strings.ToValidUTF8(string(out.Errs), "\uFFFD")
	result := dto.ExecResult{Stdout: &stdout, Stderr: &stderr, Truncated: &out.Truncated, TimedOut: &out.TimedOut}
	if out.Exited {
		result.ExitCode = &out.Code
	}
	return respondData(w, result)
}

// commandOf checks a command. Errors: Invalid, naming every field that is wrong.
func commandOf(in dto.ExecRequest) (dockerx.Command, error) {
	c := dockerx.Command{Args: in.Cmd, User: in.User, Workdir: in.Workdir, Env: in.Env, TTY: in.TTY}
	return c, c.Check()
}

// attachContainer answers POST …/attach with a ticket for the container's own terminal.
func (s *Server) attachContainer(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	ref, err := containers.ParseRef(pathParam(r, "id"))
	if err != nil {
		return err
	}
	t, request, err := s.terminals.Ticket(r.Context(), actor, pathParam(r, "host"), ref, service.TerminalRequest{Attach: true})
	if err != nil {
		return err
	}
	return respondData(w, dto.TerminalTicket{Ticket: t.Ticket, ExpiresAt: t.ExpiresAt, URL: attachURL(request, "attach", t)})
}

// attachURL returns the address at which a ticket is used, without scheme and host: only the caller knows those.
func attachURL(r service.TerminalRequest, route string, t service.Ticket) string {
	return "/v1/hosts/" + url.PathEscape(r.Host) + "/containers/" + r.ContainerID + "/" + route + "?ticket=" + t.Ticket
}

// openTerminal answers GET …/exec/attach and …/attach with a WebSocket, for a ticket only. Cookies and tokens are ignored, so
// that another page can't open a terminal with the credentials that a browser holds.
func (s *Server) openTerminal(attach bool) func(http.ResponseWriter, *http.Request, service.Actor, dto.AttachQuery) error {
	return func(w http.ResponseWriter, r *http.Request, _ service.Actor, q dto.AttachQuery) error {
		return s.upgradeTo(w, r, q.Ticket, attach)
	}
}

func (s *Server) upgradeTo(w http.ResponseWriter, r *http.Request, ticket string, attach bool) error {
	if s.edge.ForeignOrigin(r) {
		return apperr.New(apperr.Forbidden, "request from a foreign origin refused")
	}
	if err := channels.Check(r); err != nil {
		return apperr.Wrap(apperr.Invalid, err, "%s", err)
	}
	if ticket == "" {
		return apperr.New(apperr.Unauthorized, "a terminal needs a ticket: POST to exec or attach first")
	}
	return s.serveTerminal(w, r, ticket, attach)
}

// serveTerminal returns once the connection is a WebSocket or can't become one. The terminal continues on another goroutine:
// an idle one needs neither the request and its buffers nor the handler's goroutine, whose stack has grown.
func (s *Server) serveTerminal(w http.ResponseWriter, r *http.Request, ticket string, attach bool) error {
	t, err := s.terminals.Open(r.Context(), ticket, pathParam(r, "host"), pathParam(r, "id"), attach)
	if err != nil {
		return err
	}
	info := edge.InfoOf(r)
	conn, err := channels.Accept(w, r)
	if err != nil { // Accept has answered
		info.Err = errors.Join(err, t.Close())
		return nil
	}
	info.User = t.User
	info.Detach()
	go s.carry(info, conn, t)
	return nil
}

// carry connects a client with its terminal until one of them ends, then logs the request. A panic ends only this terminal.
func (s *Server) carry(info *edge.Info, conn *channels.Conn, t *terminal.Terminal) {
	status := http.StatusSwitchingProtocols
	defer func() {
		if p := recover(); p != nil {
			info.Err, status = fmt.Errorf("panic: %v\n%s", p, debug.Stack()), http.StatusInternalServerError
			conn.End(channels.Ended("internal error"))
		}
		_, sent := t.Bytes()
		s.edge.Log(info, status, sent)
		_ = t.Close() // the audit records the error
	}()
	moveBytes(conn, t)
}

// moveBytes copies bytes both ways, and sends the client the reason for the end.
func moveBytes(conn *channels.Conn, t *terminal.Terminal) {
	go conn.Serve(t, t.Leave)
	t.Output(conn.Writer(channels.Stdout), conn.Writer(channels.Stderr))
	status := t.Status(context.Background())
	if status.Exited {
		conn.End(channels.Exited(status.Code))
	} else {
		conn.End(channels.Ended(status.Reason))
	}
}

// listTerminals answers GET /v1/terminals.
func (s *Server) listTerminals(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	all, err := s.terminals.List(r.Context(), actor)
	if err != nil {
		return err
	}
	return respondData(w, rowsOf(all, rowOfTerminal))
}

func rowOfTerminal(t terminal.Listed) dto.Terminal {
	cmd := t.Request.Command.Args
	if cmd == nil {
		cmd = []string{}
	}
	return dto.Terminal{
		ID: t.ID.String(), User: t.User, Address: t.Address, Host: t.Request.Host,
		ContainerID: t.Request.ContainerID, ContainerName: t.Request.ContainerName,
		Cmd: cmd, TTY: t.TTY, Since: t.Since, BytesIn: t.In, BytesOut: t.Out,
	}
}

// endTerminal answers DELETE /v1/terminals/{id}.
func (s *Server) endTerminal(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.terminals.End(r.Context(), actor, id); err != nil {
		return err
	}
	return respondData(w, "ended")
}

// terminalCast answers GET /v1/terminals/{id}/cast with the recording.
func (s *Server) terminalCast(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	cast, err := s.terminals.Cast(actor, id)
	if err != nil {
		return err
	}
	defer func() { _ = cast.Close() }()
	w.Header().Set("Content-Type", "application/x-asciicast")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id.String()+`.cast"`)
	_, _ = io.Copy(w, cast)
	return nil
}
