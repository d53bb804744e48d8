package containers

import "sync"

// LabelBook holds the labels of a host's containers, taken from its lists. A container's labels never change, so its entries
// are never outdated. It keeps those of the latest two lists, since events of a removed container may come after it has left
// the list. The zero value is ready. It is safe for concurrent use.
type LabelBook struct {
	mu          sync.Mutex
	now, before map[string]map[string]string
}

// Learn adds a list. The labels are shared with its rows.
func (b *LabelBook) Learn(list []Container) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.has(list) {
		b.before = nil // the same as now
		return
	}
	labels := make(map[string]map[string]string, len(list))
	for i := range list {
		labels[list[i].ID] = list[i].Labels
	}
	b.now, b.before = labels, b.now
}

// has reports whether the latest list had the same containers. The caller holds mu.
func (b *LabelBook) has(list []Container) bool {
	if len(b.now) != len(list) {
		return false
	}
	for i := range list {
		if _, there := b.now[list[i].ID]; !there {
			return false
		}
	}
	return true
}

// Of returns the labels of a container, and whether one of the two lists had it.
func (b *LabelBook) Of(id string) (labels map[string]string, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if labels, known = b.now[id]; !known {
		labels, known = b.before[id]
	}
	return labels, known
}
