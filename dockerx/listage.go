package dockerx

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// listChecked is after how long a list that is used is read again, though the host's events say that it is still true: an engine
// may lose an event without a word, and says nothing of a tag that was moved away from a container's image.
const listChecked = time.Minute

// How long a list's status texts are good, by the smallest unit of time in them: they age by themselves, and one that is a
// sixth of its unit too old is still right.
var textUnits = []struct {
	unit  string
	lasts time.Duration
}{{"second", listMaxAge}, {"minute", 10 * time.Second}, {"", listChecked}}

// textsLast returns how long the status texts of rows are good.
func textsLast(rows []Container) time.Duration {
	for _, u := range textUnits {
		if slices.ContainsFunc(rows, func(c Container) bool { return strings.Contains(c.Status, u.unit) }) {
			return u.lasts
		}
	}
	return listChecked
}

// Aged reports whether the list's status texts may have changed by themselves since it was read.
func (l *List) Aged(now time.Time) bool { return now.Sub(l.read) >= l.lasts }

// CheckList has the list that is kept read again in the background if it is a minute old, and reports whether it is.
func (h *Host) CheckList() bool {
	list := h.lists.latest()
	if list == nil || time.Since(list.read) < listChecked {
		return false
	}
	h.lists.join(h, h.learnList) // what it reads is kept, whether a caller waits for it or not
	return true
}

// listOrders keeps the orders of a list's rows that were asked for.
type listOrders struct {
	mu   sync.Mutex
	kept map[string][]int32
}

// Order returns the places of the rows in the order of a comparison, which has a name: it is sorted once by each.
func (l *List) Order(name string, compare func(a, b *Container) int) []int32 {
	l.orders.mu.Lock()
	defer l.orders.mu.Unlock()
	if order, ok := l.orders.kept[name]; ok {
		return order
	}
	order := make([]int32, len(l.Containers))
	for i := range order {
		order[i] = int32(i) //nolint:gosec // a list has engine.MaxRows at most
	}
	slices.SortFunc(order, func(a, b int32) int { return compare(&l.Containers[a], &l.Containers[b]) })
	if l.orders.kept == nil {
		l.orders.kept = make(map[string][]int32, 1)
	}
	l.orders.kept[name] = order
	return order
}
