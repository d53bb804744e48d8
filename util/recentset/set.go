// Package latest remembers which keys came last.
package recentset

// Keys is a set of the latest keys. It takes memory as they come: most sets stay far below what
// they may hold. It is not safe for concurrent use.
type Set[K comparable] struct {
	most int
	keys map[K]struct{}
	ring []K
	next int
}

// New makes a set of so many keys at most; the one that came first makes room.
func New[K comparable](most int) *Set[K] {
	return &Set[K]{most: most, keys: make(map[K]struct{})}
}

// Has reports whether a key is remembered.
func (s *Set[K]) Has(key K) bool {
	_, ok := s.keys[key]
	return ok
}

// Add remembers a key. One that is remembered keeps its place.
func (s *Set[K]) Add(key K) {
	if s.Has(key) {
		return
	}
	s.keys[key] = struct{}{}
	if len(s.ring) < s.most {
		s.ring = append(s.ring, key)
		return
	}
	delete(s.keys, s.ring[s.next])
	s.ring[s.next] = key
	s.next = (s.next + 1) % s.most
}
