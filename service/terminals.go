package service

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/util/apperr"
)

// The audited actions of terminals. Their audit rows have the command as Target.
const (
	ActionExec     = actionPrefix + "exec"     // a ticket was issued, or a command ran to its end
	ActionAttach   = actionPrefix + "attach"   // a ticket was issued
	ActionTerminal = actionPrefix + "terminal" // a terminal was open; the row covers the whole time

	ActionTerminalEnd = "terminal.end" // a terminal was ended from outside; Target is its id
)

// ExecLabel is the label that disables terminals in a container if its value is "off".
const ExecLabel = "wharf.exec"

// terminalTicketTTL is how long a ticket for a terminal is valid.
const terminalTicketTTL = 30 * time.Second

// TerminalRequest is a terminal that an actor may open: a command in a container, or the container's first process.
type TerminalRequest struct {
	Host, ContainerID, ContainerName string

	Attach  bool
	Command dockerx.Command // unless Attach
}

// Intent returns the audit's intent for the request, with the given action.
func (r TerminalRequest) Intent(action string) Intent {
	return Intent{
		Action: action, Host: r.Host, ContainerID: r.ContainerID, ContainerName: r.ContainerName,
		Target: strings.Join(r.Command.Args, " "),
	}
}

// PrepareTerminal checks that the actor may open a terminal in a container, and returns the request with the container's host,
// id and name. A refusal is audited. Errors: Invalid, Forbidden, NotFound, Conflict (not running).
func (h *Host) PrepareTerminal(ctx context.Context, ref containers.Ref, r TerminalRequest) (TerminalRequest, error) {
	action := ActionExec
	if r.Attach {
		action = ActionAttach
	}
	d, err := h.resolve(ctx, ref, Exec)
	if err == nil {
		err = mayOpenTerminal(d)
	}
	if err != nil {
		in := Intent{Action: action, Host: h.host.Name(), ContainerName: ref.String(), Target: strings.Join(r.Command.Args, " ")}
		return r, errors.Join(err, h.audit.RecordDone(ctx, h.actor, in, err))
	}
	r.Host, r.ContainerID, r.ContainerName = h.host.Name(), d.ID, strings.TrimPrefix(d.Name, "/")
	return r, nil
}

// OpenTerminal checks a request from PrepareTerminal again and opens the terminal. Errors: those of PrepareTerminal,
// Unavailable, Daemon.
func (h *Host) OpenTerminal(ctx context.Context, r TerminalRequest) (*dockerx.Terminal, error) {
	ref, err := containers.ParseRef(r.ContainerID)
	if err != nil {
		return nil, err
	}
	d, err := h.resolve(ctx, ref, Exec)
	if err != nil {
		return nil, err
	}
	if err := mayOpenTerminal(d); err != nil {
		return nil, err
	}
	if r.Attach {
		return h.host.Attach(ctx, d)
	}
	return h.host.Exec(ctx, d, r.Command)
}

// MayExec returns nil if the actor may continue to use an open terminal. Errors: NotFound, Forbidden.
func (s *Hosts) MayExec(ctx context.Context, actor Actor, r TerminalRequest) error {
	h, ok := s.fleet.Host(r.Host)
	switch {
	case !ok:
		return apperr.New(apperr.NotFound, "unknown host")
	case actor.everywhereOn(r.Host, Exec):
		return nil
	}
	ref, err := containers.ParseRef(r.ContainerID)
	if err != nil {
		return err
	}
	_, err = (&Host{host: h, actor: actor, need: Exec}).resolve(ctx, ref, Exec)
	return err
}

func mayOpenTerminal(d *containers.Details) error {
	switch {
	case d.Config.Labels[ExecLabel] == "off":
		return apperr.New(apperr.Forbidden, "the container refuses terminals by its label %s=off", ExecLabel)
	case !d.State.Running:
		return apperr.New(apperr.Conflict, "the container is not running")
	case d.State.Paused:
		return apperr.New(apperr.Conflict, "the container is paused: unpause it first")
	}
	return nil
}

// IssueTerminalTicket issues a ticket that opens the terminal once, within 30 s, with the rights of the actor's session or
// API key. Only its hash is stored. Errors: Forbidden for an actor without either.
func (s *Sessions) IssueTerminalTicket(ctx context.Context, actor Actor, r TerminalRequest) (Ticket, error) {
	if actor.Anonymous || actor.SessionID == uuid.Nil {
		return Ticket{}, apperr.New(apperr.Forbidden, "a terminal needs a session or an API key: log in first")
	}
	request, err := json.Marshal(r)
	if err != nil {
		return Ticket{}, fmt.Errorf("encode a terminal's request: %w", err)
	}
	t := Ticket{Ticket: rand.Text(), ExpiresAt: db.Time(time.Now().Add(terminalTicketTTL))}
	err = s.db.Queries().CreateTerminalTicket(ctx, sqlc.CreateTerminalTicketParams{
		Hash: hashOf(t.Ticket), Holder: actor.SessionID, Request: string(request), ExpiresAt: t.ExpiresAt,
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("create terminal ticket: %w", db.MapError(err))
	}
	return t, nil
}

// TakeTerminalTicket redeems a ticket: it returns the actor with its current rights, and the terminal to open. Errors:
// Unauthorized for a ticket that is unknown, used or expired, or whose session has ended.
func (s *Sessions) TakeTerminalTicket(ctx context.Context, ticket string) (Actor, TerminalRequest, error) {
	var r TerminalRequest
	row, err := s.db.Queries().TakeTerminalTicket(ctx, hashOf(ticket))
	if db.IsNoRows(err) {
		return Actor{}, r, errTicket
	}
	if err != nil {
		return Actor{}, r, fmt.Errorf("take terminal ticket: %w", err)
	}
	if !time.Now().Before(row.ExpiresAt) {
		return Actor{}, r, errTicket
	}
	if err := json.Unmarshal([]byte(row.Request), &r); err != nil {
		return Actor{}, r, fmt.Errorf("decode a terminal's request: %w", err)
	}
	actor, err := s.Current(ctx, row.Holder)
	return actor, r, err
}

// Current returns the actor of a session or API key with its current rights. Errors: Unauthorized if it has ended.
func (s *Sessions) Current(ctx context.Context, id uuid.UUID) (Actor, error) {
	e, err := s.cache.get(ctx, id)
	if err != nil {
		return Actor{}, err
	}
	if !e.alive(time.Now()) {
		return Actor{}, errTicket
	}
	return e.actor(id), nil
}
