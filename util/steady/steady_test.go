package steady_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/util/steady"
)

func TestClockIsBelievedAfterAnHourWithoutAJump(t *testing.T) {
	t.Parallel()
	wall, mono := time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC), time.Duration(0)
	var jumps []time.Duration
	c := steady.Clock{
		Now:    func() (time.Time, time.Duration) { return wall, mono },
		Jumped: func(by time.Duration) { jumps = append(jumps, by) },
	}
	pass := func(d time.Duration) bool {
		for range d / time.Minute {
			wall, mono = wall.Add(time.Minute), mono+time.Minute
			c.Believed()
		}
		_, ok := c.Believed()
		return ok
	}
	require.False(t, pass(0), "at the start the clock may be wrong already")
	require.False(t, pass(59*time.Minute))
	require.True(t, pass(time.Minute))

	wall = wall.Add(8 * 24 * time.Hour)
	require.False(t, pass(0), "it jumped ahead")
	mono += 12 * time.Second
	wall = wall.Add(12*time.Second - 8*24*time.Hour)
	require.False(t, pass(0), "it came back")
	require.Equal(t, []time.Duration{8 * 24 * time.Hour, -8 * 24 * time.Hour}, jumps)
	require.True(t, pass(time.Hour))

	wall = wall.Add(9 * time.Second)
	require.True(t, pass(0), "a time service may move it a little")
}

func TestTrustingClockIsBelievedAtOnce(t *testing.T) {
	t.Parallel()
	at, ok := steady.Trusting().Believed()
	require.True(t, ok)
	require.WithinDuration(t, time.Now(), at, time.Minute)
}
