package histogram

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBucketsEndAtTheirBounds(t *testing.T) {
	t.Parallel()
	bounds := []time.Duration{time.Millisecond, time.Second}
	h := New(bounds)
	for _, d := range []time.Duration{0, time.Millisecond, time.Millisecond + 1, time.Second, time.Minute} {
		h.Observe(d)
	}
	require.Equal(t, Snapshot{
		Bounds: bounds, Cumulative: []uint64{2, 4}, Count: 5, Sum: time.Minute + time.Second + 2*time.Millisecond + 1,
	}, h.Read())
}

func TestConcurrentObservationsAllCount(t *testing.T) {
	t.Parallel()
	h := New([]time.Duration{time.Millisecond})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				h.Observe(time.Second)
			}
		})
	}
	all.Wait()
	require.Equal(t, Snapshot{Bounds: h.bounds, Cumulative: []uint64{0}, Count: 8000, Sum: 8000 * time.Second}, h.Read())
}
