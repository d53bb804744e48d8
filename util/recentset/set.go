// Package recentset has a bounded set of the most recently added keys.
package recentset

// Set is a set of the most recently added keys. It grows with its keys up to its limit. It is not safe for concurrent use.
type Set[K comparable] struct {
	most int
	keys map[K]struct{}
	ring []K
	next int
}

// New returns a set of at most most keys. Adding one to a full set removes the oldest.
func New[K comparable](most int) *Set[K] {
	return &Set[K]{most: most, keys: make(map[K]struct{})}
}

// Has reports whether the set has a key.
func (s *Set[K]) Has(key K) bool {
	_, ok := s.keys[key]
	return ok
}

// Add adds a key. It doesn't change the age of a key that is already in the set.
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
