package stats

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// heap returns the bytes in use on the heap after two garbage collections.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // no heap is that large
}

//nolint:paralleltest // it measures the whole process
func TestMemoryOfManyContainers(t *testing.T) {
	const n = 1000
	for name, c := range map[string]struct {
		history time.Duration
		most    int64 // bytes a container
	}{
		"polled without history": {-1, 2 << 10},
		"with full history":      {historyLen, 60 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			e := newFake(28, 0)
			before := heap()
			s := New(e, Options{History: c.history})
			defer s.Close()
			s.table.replace(manyContainers(n), s.forget)
			now := time.Now()
			for i := range 1000 { // more than a ring holds
				now = now.Add(time.Second)
				for _, entry := range s.table.order {
					entry.add(Sample{Read: now, CPUTotal: uint64(i) * 1e6, OnlineCPUs: 2, Memory: 1 << 20}, now)
					if s.opts.History > 0 {
						entry.history.push(now, entry.usage, s.opts.History)
					}
				}
			}
			last, next := s.current(now), s.table.snapshot(now) // one in use while the next is made
			used := heap() - before
			t.Logf("%d bytes a container, %.1f MiB for %d", used/n, float64(used)/(1<<20), n)
			require.LessOrEqual(t, used/n, c.most)
			runtime.KeepAlive(last)
			runtime.KeepAlive(next)
		})
	}
}

// A container whose usage is never asked for takes only the memory of its entry in the table.
//
//nolint:paralleltest // it measures the whole process
func TestMemoryOfContainersWhoseUsageIsNotAskedFor(t *testing.T) {
	const n = 10_000
	rows := manyContainers(n)
	before := heap()
	s := New(newFake(28, 0), Options{})
	defer s.Close()
	s.table.replace(rows, s.forget)
	used := heap() - before
	t.Logf("%d bytes a container", used/n)
	require.LessOrEqual(t, used/n, int64(160))
	runtime.KeepAlive(rows)
}

func manyContainers(n int) []Container {
	rows := make([]Container, n)
	for i := range rows {
		rows[i] = fakeContainer(i)
	}
	return rows
}
