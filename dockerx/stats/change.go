package stats

// ChangeKind is what happened to a container, or to the stream that reports it.
type ChangeKind uint8

// The kinds of changes that matter here.
const (
	Created ChangeKind = iota + 1
	Started
	Stopped
	Removed
	Renamed
	Updated // its limits
	// Connected says that events follow without a gap from here on.
	Connected
	// Disconnected says that no events come any more.
	Disconnected
	// Missed says that some events may be missing.
	Missed
)

// Change is one thing that happened on the host, as its event stream reports it.
type Change struct {
	Kind   ChangeKind
	ID     string
	Name   string            // Created and Renamed
	Labels map[string]string // Created
}

// OnChange follows the host's events, in their order. It never blocks and asks the engine nothing
// while usage is not asked for.
func (s *Sampler) OnChange(c Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.Kind {
	case Connected, Disconnected:
		s.api.reconnected()
		s.connected, s.synced = c.Kind == Connected, false
		s.gap++
	case Missed:
		s.synced = false
		s.gap++
	default:
		if s.listing {
			s.missed = append(s.missed, c)
		}
		s.follow(c)
	}
	if s.looping {
		s.dirty = true
		s.poke()
	}
}

// follow applies a change to the table. It may come twice: a list may show it already.
func (s *Sampler) follow(c Change) {
	e, ok := s.table.byID[c.ID]
	if !ok {
		if c.Kind == Created {
			s.table.insert(Container{ID: c.ID, Name: c.Name, Labels: c.Labels})
		}
		return
	}
	switch c.Kind {
	case Started, Stopped:
		e.Running = c.Kind == Started
		e.fromEngine = false
		e.drop()
		s.forget(c.ID)
	case Removed:
		s.table.remove(c.ID)
		s.forget(c.ID)
	case Renamed:
		e.Name = c.Name
	case Updated:
		s.forget(c.ID)
	}
}

func (s *Sampler) forget(id string) {
	if s.kernel != nil {
		s.kernel.Forget(id)
	}
}
