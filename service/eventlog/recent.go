package eventlog

// recentMax is how many keys are remembered: far more than a daemon's ring replays.
const recentMax = 4096

// eventKey identifies an event of a host.
type eventKey struct {
	host string
	key  int64
}

func keyOf(r *Record) eventKey { return eventKey{r.Host, r.Key()} }

// recent remembers the keys of the latest durable records. The database refuses what it has, but
// only this keeps it from being delivered early when the database is slow to refuse.
type recent struct {
	keys map[eventKey]struct{}
	ring []eventKey
	next int
}

func (s *recent) has(k eventKey) bool {
	_, ok := s.keys[k]
	return ok
}

func (s *recent) add(k eventKey) {
	if s.has(k) {
		return
	}
	if s.keys == nil {
		s.keys = make(map[eventKey]struct{})
	}
	s.keys[k] = struct{}{}
	if len(s.ring) < recentMax {
		s.ring = append(s.ring, k)
		return
	}
	delete(s.keys, s.ring[s.next])
	s.ring[s.next] = k
	s.next = (s.next + 1) % recentMax
}
