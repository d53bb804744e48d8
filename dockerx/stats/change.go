package stats

// ChangeKind is the kind of a Change.
type ChangeKind uint8

// The kinds of changes of a container, and of the event stream.
const (
	Created ChangeKind = iota + 1
	Started
	Stopped
	Removed
	Renamed
	Updated // its limits
	// Connected: from now on, events come without a gap.
	Connected
	// Disconnected: no more events come.
	Disconnected
	// Missed: some events may be missing.
	Missed
)

// Change is a change of a container or of the event stream.
type Change struct {
	Kind   ChangeKind
	ID     string
	Name   string            // Created and Renamed
	Labels map[string]string // Created
}

// OnChange must be called with every change on the host, in order. It never blocks. Unless usage is being sampled, it causes
// no request.
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
		s.wakeLoop()
	}
}

// follow applies a change to the table. Applying a change that a list already showed does no harm.
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
