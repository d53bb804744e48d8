package containers

import (
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/util/memo"
)

// List is all containers of a host, running or not, in Docker's order. It is immutable and shared
// between callers; its Memo keeps what they make of it.
type List struct {
	Containers []Container
	Read       time.Time // when the engine was asked
	memo.Memo

	lasts  time.Duration // how long its status texts are good
	orders listOrders
}

// What a list may hold at most beside the rows that engine.EachRow allows, so that a hostile engine can't make a small answer
// large in memory.
const (
	maxLabels = 500_000  // of all rows together
	maxKept   = 24 << 20 // bytes of the texts kept, of all rows together
)

// How long a list counts that nothing seems to have changed.
const (
	// MaxAge bounds how long it is kept: its status texts ("Up 5 seconds") age by themselves.
	MaxAge = time.Second
	// MaxUnread is after how long one that is used is read again, though the host's events say that it is still true: an
	// engine may lose an event without a word, and says nothing of a tag that was moved away from a container's image.
	MaxUnread = time.Minute
)

// How long a list's status texts are good, by the smallest unit of time in them: they age by themselves, and one that is a
// sixth of its unit too old is still right.
var textUnits = []struct {
	unit  string
	lasts time.Duration
}{{"second", MaxAge}, {"minute", 10 * time.Second}, {"", MaxUnread}}

// textsLast returns how long the status texts of rows are good.
func textsLast(rows []Container) time.Duration {
	for _, u := range textUnits {
		if slices.ContainsFunc(rows, func(c Container) bool { return strings.Contains(c.Status, u.unit) }) {
			return u.lasts
		}
	}
	return MaxUnread
}

// Aged reports whether the list's status texts may have changed by themselves since it was read.
func (l *List) Aged(now time.Time) bool { return now.Sub(l.Read) >= l.lasts }

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
		order[i] = int32(i) //nolint:gosec // engine.EachRow allows far fewer
	}
	slices.SortFunc(order, func(a, b int32) int { return compare(&l.Containers[a], &l.Containers[b]) })
	if l.orders.kept == nil {
		l.orders.kept = make(map[string][]int32, 1)
	}
	l.orders.kept[name] = order
	return order
}

// States returns how many containers are in each state.
func (l *List) States() map[string]int {
	counts := map[string]int{}
	for i := range l.Containers {
		counts[l.Containers[i].State]++
	}
	return counts
}
