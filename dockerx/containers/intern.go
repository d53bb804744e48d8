package containers

import (
	"hash/maphash"
	"maps"
)

// interner keeps one copy of equal texts and labels of a list's rows and of the previous list's rows. Other data about
// containers (for events, usage, labels) shares these copies, so that a new list doesn't duplicate them in memory.
type interner struct {
	before map[string]*Container // by id
	texts  map[string]string
	labels map[uint64]map[string]string // by hash; after a collision, the last
	seed   maphash.Seed
}

func newInterner(before *List) *interner {
	s := &interner{texts: map[string]string{}, labels: map[uint64]map[string]string{}, seed: maphash.MakeSeed()}
	if before == nil {
		return s
	}
	s.before = make(map[string]*Container, len(before.Containers))
	for i := range before.Containers {
		c := &before.Containers[i]
		s.before[c.ID] = c
	}
	return s
}

// row replaces the texts and labels of a row by the kept copies.
func (s *interner) row(c *Container) {
	c.State, c.Image = s.text(c.State), s.text(c.Image)
	if was := s.before[c.ID]; was != nil {
		c.ID = was.ID
		c.Name, c.Image, c.State = either(c.Name, was.Name), either(c.Image, was.Image), either(c.State, was.State)
		c.Status = either(c.Status, was.Status)
		if maps.Equal(c.Labels, was.Labels) {
			c.Labels = was.Labels
			s.labels[s.hash(c.Labels)] = c.Labels
			return
		}
	}
	c.Status = s.text(c.Status)
	c.Labels = s.set(c.Labels)
}

// either returns was if it equals now, else now.
func either(now, was string) string {
	if now == was {
		return was
	}
	return now
}

func (s *interner) text(t string) string {
	if t == "" {
		return ""
	}
	if same, ok := s.texts[t]; ok {
		return same
	}
	s.texts[t] = t
	return t
}

// set returns the kept copy of these labels.
func (s *interner) set(labels map[string]string) map[string]string {
	h := s.hash(labels)
	if same, ok := s.labels[h]; ok && maps.Equal(same, labels) {
		return same
	}
	set := make(map[string]string, len(labels))
	for k, v := range labels {
		set[s.text(k)] = s.text(v)
	}
	s.labels[h] = set
	return set
}

// hash returns a hash of labels that doesn't depend on the order of iteration.
func (s *interner) hash(labels map[string]string) uint64 {
	sum := uint64(len(labels))
	for k, v := range labels {
		sum += maphash.String(s.seed, k)*31 ^ maphash.String(s.seed, v)
	}
	return sum
}
