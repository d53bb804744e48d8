package stats

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestContainersAreFollowedByEvents(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		e.with(func() { e.began[fakeID(7)] = time.Now() })
		s.OnChange(Change{Kind: Created, ID: fakeID(7), Name: "new", Labels: map[string]string{"a": "b"}})
		snap, took := timed(t, s)
		require.Zero(t, took)
		require.Equal(t, Usage{ID: fakeID(7), Name: "new", Labels: map[string]string{"a": "b"}}, snap.Usages[0])
		s.OnChange(Change{Kind: Started, ID: fakeID(7)})
		snap, took = timed(t, s)
		require.Zero(t, took, "a caller isn't kept waiting while sampling goes on")
		require.True(t, snap.Partial)
		pass(minGap + time.Millisecond)
		snap, _ = timed(t, s)
		require.False(t, snap.Partial)
		require.InDelta(t, cpuShare, snap.Usages[0].CPUPercent, 0.01)
		s.OnChange(Change{Kind: Renamed, ID: fakeID(7), Name: "renamed"})
		s.OnChange(Change{Kind: Stopped, ID: fakeID(0)})
		s.OnChange(Change{Kind: Removed, ID: fakeID(1)})
		snap, _ = timed(t, s)
		require.Len(t, snap.Usages, 2)
		require.Equal(t, "renamed", snap.Usages[0].Name)
		require.False(t, snap.Usages[1].Running)
		require.Zero(t, snap.Usages[1].MemoryUsage)
		lists, _ := e.counts()
		require.Equal(t, 1, lists)
	})
}

func TestListIsReadAgainWhenEventsWereMissed(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		e.with(func() { e.list = e.list[:1] })
		s.OnChange(Change{Kind: Missed})
		pass(retryAfter)
		snap, _ := timed(t, s)
		require.Len(t, snap.Usages, 1)
		pass(time.Minute)
		lists, _ := e.counts()
		require.Equal(t, 2, lists)
	})
}

func TestRestartedContainerHasNoAbsurdCPU(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		e.with(func() { e.began[fakeID(0)] = time.Now() }) // a restart whose event was lost
		for range 50 {
			pass(100 * time.Millisecond)
			snap, _ := timed(t, s)
			require.LessOrEqual(t, snap.Usages[0].CPUPercent, cpuShare+0.01)
		}
	})
}

func TestListThatAnotherAskedForIsTakenOver(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(3), Options{}, func(t *fixture) {
		took := t.s.Expect()
		t.s.OnChange(Change{Kind: Stopped, ID: fakeID(1)}) // the list may be older than this change
		took(t.Context(), t.e.list, nil)
		snap, wait := timed(t, t.s)
		require.InDelta(t, minGap.Seconds(), wait.Seconds(), 0.01)
		require.Equal(t, []bool{true, false, true}, []bool{snap.Usages[0].Running, snap.Usages[1].Running, snap.Usages[2].Running})
		lists, _ := t.e.counts()
		require.Zero(t, lists)
	})
}

func TestListThatFailedForAnotherIsAskedForAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(3), Options{}, func(t *fixture) {
		t.s.Expect()(t.Context(), nil, errDown)
		snap, _ := timed(t, t.s)
		require.Len(t, snap.Usages, 3)
		lists, _ := t.e.counts()
		require.Equal(t, 1, lists)
	})
}
