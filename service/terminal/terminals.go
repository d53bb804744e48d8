// Package terminal manages the terminals that clients have open in containers.
//
// Job. It issues tickets, opens terminals for them, runs commands to their end, and ends a terminal when its session or the
// right to it ends, when it has had no input for too long, or with the server. It writes the audit row of each terminal, and
// optionally a recording. service.Host.PrepareTerminal checks the permission, and api transports the bytes to the client.
//
// Owner. main creates one Terminals and calls Close before the hosts are closed.
//
// Limits. The number of terminals is limited per user and in total, on each replica separately. Docker can't end the process of
// an exec: one that reacts neither to the end of its input nor to "exit" is left running, and the audit reports that. List and
// End cover all replicas on one database, which share rows that are updated every 10 s.
package terminal

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/service"
	"wharf/util/apperr"
)

// Options are the settings of New. The zero value of a field is its default.
type Options struct {
	// Shared is the database in which replicas share the list of their terminals. Nil: this process is the only one.
	Shared *db.DB
	// Off refuses every terminal.
	Off bool
	// Idle is how long a terminal may be without input. Default 30 min.
	Idle time.Duration
	// Longest is how long a terminal may be open. Default 8 h.
	Longest time.Duration
	// PerUser and Total are how many terminals may be open for one user and in total. Default 16 and 256.
	PerUser, Total int
	// Records is the directory for recordings; empty: terminals aren't recorded.
	Records string
	// RecordBytes is the maximum size of a recording. Default 10 MiB.
	RecordBytes int64
	// RecordKeep is how long recordings are kept. Default 30 days.
	RecordKeep time.Duration
	Logger     zerolog.Logger
}

// Terminals manages the terminals of a server. It is safe for concurrent use.
type Terminals struct {
	hosts        *service.Hosts
	sessions     *service.Sessions
	audit        *service.Audit
	opts         Options
	replicas     *replicas
	endRequested chan struct{} // signals that another replica may have requested the end of a terminal

	mu     sync.Mutex
	closed bool
	forget func() // releases the watch for such requests; nil if no terminal is open
	open   map[uuid.UUID]*Terminal
	users  map[uuid.UUID]int
	count  int // of all users, including terminals that are being opened
	ended  sync.WaitGroup
}

// New returns a Terminals. audit may be nil.
func New(hosts *service.Hosts, sessions *service.Sessions, audit *service.Audit, o Options) *Terminals {
	o.Idle, o.Longest = cmp.Or(o.Idle, 30*time.Minute), cmp.Or(o.Longest, 8*time.Hour)
	o.PerUser, o.Total = cmp.Or(o.PerUser, 16), cmp.Or(o.Total, 256)
	o.RecordBytes, o.RecordKeep = cmp.Or(o.RecordBytes, 10<<20), cmp.Or(o.RecordKeep, 30*24*time.Hour)
	return &Terminals{
		hosts: hosts, sessions: sessions, audit: audit, opts: o, replicas: newReplicas(o.Shared), endRequested: make(chan struct{}, 1),
		open: map[uuid.UUID]*Terminal{}, users: map[uuid.UUID]int{},
	}
}

// Ticket checks that the actor may open a terminal in a container, and issues a ticket for it, with an audit row. It returns
// the ticket, and the request with the container's host, id and name. Errors: Invalid, Forbidden, NotFound, Conflict,
// Unavailable.
func (s *Terminals) Ticket(ctx context.Context, actor service.Actor, host string, ref containers.Ref, r service.TerminalRequest) (service.Ticket, service.TerminalRequest, error) {
	r, err := s.prepare(ctx, actor, host, ref, r)
	if err != nil {
		return service.Ticket{}, r, err
	}
	action := service.ActionExec
	if r.Attach {
		action = service.ActionAttach
	}
	var ticket service.Ticket
	err = s.audit.Record(ctx, actor, r.Intent(action), func(ctx context.Context, _ uuid.UUID) error {
		ticket, err = s.sessions.IssueTerminalTicket(ctx, actor, r)
		return err
	})
	return ticket, r, err
}

func (s *Terminals) prepare(ctx context.Context, actor service.Actor, host string, ref containers.Ref, r service.TerminalRequest) (service.TerminalRequest, error) {
	h, err := s.hosts.Open(ctx, actor, host, service.Exec)
	if err != nil {
		return r, err
	}
	if s.opts.Off {
		return r, errOff
	}
	return h.PrepareTerminal(ctx, ref, r)
}

// Open redeems a ticket and opens its terminal, which outlives ctx. The caller must close it. host, id and attach must be those
// of the ticket. Errors: Unauthorized for the ticket, Forbidden, NotFound, Conflict, TooMany, Unavailable, Daemon.
func (s *Terminals) Open(ctx context.Context, ticket, host, id string, attach bool) (*Terminal, error) {
	actor, r, err := s.sessions.TakeTerminalTicket(ctx, ticket)
	if err != nil {
		return nil, err
	}
	if r.Host != host || r.ContainerID != id || r.Attach != attach {
		return nil, apperr.New(apperr.Unauthorized, "the ticket is for another terminal")
	}
	return s.begin(ctx, actor, r, service.ActionTerminal)
}

// begin opens a terminal as an audited action, which Close completes. The terminal's id is that of the audit row.
func (s *Terminals) begin(ctx context.Context, actor service.Actor, r service.TerminalRequest, action string) (*Terminal, error) {
	id, finish, err := s.audit.Begin(ctx, actor, r.Intent(action))
	if err != nil {
		return nil, err
	}
	process, leave, err := s.start(ctx, actor, r)
	if err != nil {
		finish(err)
		return nil, err
	}
	t := &Terminal{
		Info: Info{
			ID: orNew(id), User: actor.Username, Address: service.ClientOf(ctx).Addr, Since: db.Time(time.Now()), Request: r,
			holder: actor.SessionID, user: actor.UserID,
		},
		process: process, idleFor: s.opts.Idle, ended: make(chan struct{}), copied: make(chan struct{}),
	}
	t.record = s.newRecording(t)
	remove := s.add(actor, t)
	t.closed = func(result error) {
		remove()
		finish(result)
		leave()
	}
	return t, nil
}

// start reserves one of the user's places and starts the process of a terminal. leave releases the place.
func (s *Terminals) start(ctx context.Context, actor service.Actor, r service.TerminalRequest) (process *dockerx.Terminal, leave func(), err error) {
	if leave, err = s.enter(actor); err != nil {
		return nil, nil, err
	}
	h, err := s.hosts.Open(ctx, actor, r.Host, service.Exec)
	if err == nil {
		// Not ctx: it would end the terminal with the request, and keep the request in memory as long as the terminal.
		process, err = h.OpenTerminal(context.Background(), r)
	}
	if err != nil {
		leave()
		return nil, nil, err
	}
	return process, leave, nil
}

// enter reserves one of the user's places. leave releases it. Errors: Forbidden if terminals are off, TooMany, NotReady while
// the server stops.
func (s *Terminals) enter(actor service.Actor) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.opts.Off:
		return nil, errOff
	case s.closed:
		return nil, apperr.New(apperr.NotReady, "the server is stopping")
	case s.users[actor.UserID] >= s.opts.PerUser:
		return nil, apperr.New(apperr.TooMany, "you have %d terminals open already: end one first", s.opts.PerUser)
	case s.count >= s.opts.Total:
		return nil, apperr.New(apperr.TooMany, "there are %d terminals open already, as many as there may be", s.opts.Total)
	}
	s.users[actor.UserID]++
	s.count++
	s.ended.Add(1)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.count--
		if s.users[actor.UserID]--; s.users[actor.UserID] == 0 {
			delete(s.users, actor.UserID)
		}
		s.ended.Done()
	}, nil
}

// Count returns how many terminals this process has open.
func (s *Terminals) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Close refuses new terminals, ends all open ones, and returns when they are closed, or after a second.
func (s *Terminals) Close() {
	s.mu.Lock()
	s.closed = true
	for _, t := range s.open {
		t.end(ServerEnds)
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.ended.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(time.Second):
	}
}
