package terminal

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"wharf/service"
)

// Listed is a terminal in a list. The values of another replica's terminal are as old as that replica's last beat.
type Listed struct {
	Info

	TTY     bool
	In, Out int64 // bytes of input and output
}

func (t *Terminal) listed() Listed {
	in, out := t.Bytes()
	return Listed{Info: t.Info, TTY: t.process.TTY, In: in, Out: out}
}

// List returns the open terminals of all replicas, the oldest first: the actor's own, or all for an admin. Errors:
// Unavailable.
func (s *Terminals) List(ctx context.Context, actor service.Actor) ([]Listed, error) {
	found, err := s.replicas.others(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range s.all() {
		found = append(found, t.listed())
	}
	all := []Listed{}
	for _, l := range found {
		if sees(actor, l.Info) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b Listed) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return all, nil
}

// all returns this process's terminals.
func (s *Terminals) all() []*Terminal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.open))
}

func sees(actor service.Actor, i Info) bool {
	return actor.Has(service.Administer) || (!actor.Anonymous && actor.UserID == i.user)
}

// End ends a terminal of any replica from outside. Users may end their own terminals, admins all. Errors: NotFound,
// Unavailable.
func (s *Terminals) End(ctx context.Context, actor service.Actor, id uuid.UUID) error {
	s.mu.Lock()
	t := s.open[id]
	s.mu.Unlock()
	if t == nil {
		return s.endOfOther(ctx, actor, id)
	}
	return s.endBy(ctx, actor, t.Info, func() error {
		t.end(EndedByHand)
		return nil
	})
}

func (s *Terminals) endOfOther(ctx context.Context, actor service.Actor, id uuid.UUID) error {
	others, err := s.replicas.others(ctx)
	if err != nil {
		return err
	}
	for _, l := range others {
		if l.ID == id {
			return s.endBy(ctx, actor, l.Info, func() error { return s.replicas.requestEnd(ctx, id) })
		}
	}
	return errNoTerminal
}

func (s *Terminals) endBy(ctx context.Context, actor service.Actor, i Info, end func() error) error {
	if !sees(actor, i) {
		return errNoTerminal
	}
	in := i.Request.Intent(service.ActionTerminalEnd)
	in.Target = i.ID.String()
	return s.audit.Revoke(ctx, actor, in, func(context.Context, uuid.UUID) error { return end() })
}
