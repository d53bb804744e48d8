package containers

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/engine"
)

func TestListThatCannotBeReadIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		bad := errors.New("bad")
		require.Equal(t, int64(engine.MaxList), g.Limit(), "nothing is known of the host")
		waits := func(read int64) (waited time.Duration) {
			for g.done(read, bad); g.Refusal() != nil; waited += 100 * time.Millisecond {
				time.Sleep(100 * time.Millisecond)
			}
			return waited
		}
		for _, want := range []int{0, 500, 1000, 2000, 4000, 5000, 5000} {
			require.Equal(t, time.Duration(want)*time.Millisecond, waits(0))
		}
		require.Equal(t, 32*time.Second, waits(engine.MaxList), "half a second's work is paid for")
		g.done(3<<20, nil)
		require.NoError(t, g.Refusal())
		require.Equal(t, int64(12<<20), g.Limit())
		g.done(60<<20, nil)
		require.Equal(t, int64(engine.MaxList), g.Limit())
		require.Zero(t, waits(0), "a good list ends it")
	})
}

// If a host's list outgrew its limit while it wasn't read, it is read again after several tries, which keep to listRate.
func TestListThatOutgrewItsBoundsIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		g.done(1<<20, nil)
		const now = 30 << 20
		bad, began, read := errors.New("too large"), time.Now(), int64(0)
		for g.Limit() < now {
			limit := g.Limit()
			g.done(limit+1, bad)
			for read += limit; g.Refusal() != nil; {
				time.Sleep(100 * time.Millisecond)
			}
			require.Less(t, time.Since(began), 10*time.Minute)
		}
		require.LessOrEqual(t, float64(read)/time.Since(began).Seconds(), float64(listRate), "more is read than is paid for")
		g.done(now, nil)
		require.Equal(t, int64(engine.MaxList), g.Limit())
	})
}
