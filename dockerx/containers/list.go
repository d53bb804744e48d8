package containers

import (
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/util/memo"
)

// List holds all containers of a host, running or not, newest first as in Docker. It is immutable and shared between
// callers; its Memo holds values that they derive from it.
type List struct {
	Containers []Container
	Read       time.Time // when the engine was asked
	memo.Memo

	lasts  time.Duration // how long its status texts stay accurate
	orders listOrders
}

// The limits of a list, besides the number of rows that engine.EachRow allows. They keep a hostile engine from sending a
// small answer that takes much memory.
const (
	maxLabels = 500_000  // of all rows together
	maxKept   = 24 << 20 // bytes of the texts of all rows together
)

// How long a list is used that no event has invalidated.
const (
	// MaxAge is how long it is cached: its status texts ("Up 5 seconds") become outdated without an event.
	MaxAge = time.Second
	// MaxUnread is the age at which a list in use is read again: an engine may lose an event, and sends none when a tag
	// moves away from a container's image.
	MaxUnread = time.Minute
)

// How long a list's status texts stay accurate, by the smallest unit of time in them: a text that is older by a sixth of
// its unit is still accurate enough.
var textUnits = []struct {
	unit  string
	lasts time.Duration
}{{"second", MaxAge}, {"minute", 10 * time.Second}, {"", MaxUnread}}

// textsLast returns how long the status texts of rows stay accurate.
func textsLast(rows []Container) time.Duration {
	for _, u := range textUnits {
		if slices.ContainsFunc(rows, func(c Container) bool { return strings.Contains(c.Status, u.unit) }) {
			return u.lasts
		}
	}
	return MaxUnread
}

// Aged reports whether the list's status texts may be outdated.
func (l *List) Aged(now time.Time) bool { return now.Sub(l.Read) >= l.lasts }

// listOrders caches the sort orders of a list's rows.
type listOrders struct {
	mu   sync.Mutex
	kept map[string][]int32
}

// Order returns the indexes of the rows, sorted by compare. The result is cached under name, which must identify the
// comparison. The caller must not change it.
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
