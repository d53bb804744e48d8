package stats

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Processes that sample the same host share its budget from the next round on.
func TestTheBudgetIsSharedBySamplers(t *testing.T) {
	t.Parallel()
	var samplers atomic.Int32
	samplers.Store(1)
	o := Options{Budget: 0.1, Samplers: func() int { return int(samplers.Load()) }}
	inBubble(t, direct(100), o, func(t *fixture) { // 100 x 1.9 ms / 0.1 = one round every 1.9 s
		perMinute := func() float64 {
			before := t.e.asked()
			for range 60 {
				timed(t, t.s)
				pass(time.Second)
			}
			return float64(t.e.asked()-before) / 100
		}
		timed(t, t.s)
		require.InDelta(t, 60/1.9, perMinute(), 2)
		samplers.Store(3)
		pass(2 * time.Second)
		require.InDelta(t, 60/5.7, perMinute(), 2)
		samplers.Store(0)
		pass(6 * time.Second)
		require.InDelta(t, 60/1.9, perMinute(), 2)
	})
}

func TestSamplingLastsAsLongAsTheEngineIsAsked(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		require.False(t, t.s.Sampling())
		timed(t, t.s)
		require.True(t, t.s.Sampling())
		pass(time.Minute)
		require.False(t, t.s.Sampling())
		timed(t, t.s)
		require.True(t, t.s.Sampling())
		t.s.OnChange(Change{Kind: Stopped, ID: fakeID(0)})
		t.s.OnChange(Change{Kind: Stopped, ID: fakeID(1)})
		pass(2 * time.Second)
		require.False(t, t.s.Sampling(), "no container runs")
	})
}
