package stats

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

func TestWatchGivesEachNewSnapshotAndKeepsSampling(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(3), Options{}, func(t *fixture) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		n, last := 0, (*Snapshot)(nil)
		for snap, err := range t.s.Watch(ctx) {
			require.NoError(t, err)
			require.NotSame(t, last, snap)
			require.False(t, snap.Partial)
			n, last = n+1, snap
		}
		require.InDelta(t, 120, n, 3)
		pass(40 * time.Second)
		asked := t.e.asked()
		pass(time.Hour)
		require.Equal(t, asked, t.e.asked(), "sampling ends after the last watcher")
	})
}

func TestSlowWatcherHoldsNobodyUpAndMissesSnapshots(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		n := 0
		for range t.s.Watch(t.Context()) {
			pass(10 * time.Second)
			if n++; n == 3 {
				break
			}
		}
		require.InDelta(t, 30, t.e.asked(), 3)
	})
}

func TestWatchSaysOnceThatTheHostFails(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		failures, snaps := 0, 0
		for _, err := range t.s.Watch(t.Context()) {
			if err == nil {
				if snaps++; snaps == 3 {
					t.e.with(func() { t.e.down = errDown })
				}
				if failures > 0 {
					break
				}
				continue
			}
			require.ErrorIs(t, err, errDown)
			failures++
			t.e.with(func() { t.e.down = nil })
		}
		require.Equal(t, 1, failures)
		require.Equal(t, 4, snaps)
	})
}

func TestWatchOneAsksForOneAndEndsWithItsContainer(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(10), Options{}, func(t *fixture) {
		var running []bool
		var end error
		for u, err := range t.s.WatchOne(t.Context(), fakeID(4)) {
			if err != nil {
				end = err
				continue
			}
			running = append(running, u.Running)
			switch len(running) {
			case 3:
				t.s.OnChange(Change{Kind: Stopped, ID: fakeID(4)})
			case 4:
				t.s.OnChange(Change{Kind: Removed, ID: fakeID(4)})
			}
			t.s.mu.Lock()
			t.s.wakeCallers()
			t.s.mu.Unlock()
		}
		require.Equal(t, []bool{true, true, true, false}, running)
		require.Equal(t, apperr.NotFound, apperr.KindOf(end))
		require.Equal(t, []int{4, 4}, []int{t.e.askedFor(fakeID(4)), t.e.asked()})
	})
}

func TestWatchOneOutlastsAHostThatIsSlowAtFirst(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(e *fakeEngine){
		"hangs": func(e *fakeEngine) { e.hangs["*"] = true },
		"down":  func(e *fakeEngine) { e.down = errDown },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, direct(2), Options{}, func(t *fixture) {
				t.e.with(func() { fail(t.e) })
				failures, samples := 0, 0
				for u, err := range t.s.WatchOne(t.Context(), fakeID(1)) {
					if err != nil {
						require.Equal(t, apperr.Unavailable, apperr.KindOf(err))
						failures++
						pass(10 * time.Second)
						t.e.with(func() { t.e.down = nil; clear(t.e.hangs) })
						continue
					}
					require.True(t, u.Running)
					if samples++; samples == 3 {
						break
					}
				}
				require.Equal(t, []int{1, 3}, []int{failures, samples})
			})
		})
	}
}

func TestWatchOneOfNothingEndsAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		var errs []error
		for _, err := range t.s.WatchOne(t.Context(), fakeID(7)) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		require.Equal(t, apperr.NotFound, apperr.KindOf(errs[0]))
	})
}

func TestWatchersEndWithTheSampler(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		var ended sync.WaitGroup
		ended.Go(func() {
			for range t.s.Watch(context.Background()) {
			}
		})
		t.e.with(func() { t.e.hangs[fakeID(0)] = true })
		ended.Go(func() {
			for range t.s.WatchOne(context.Background(), fakeID(0)) {
			}
		})
		synctest.Wait()
		t.s.Close()
		ended.Wait()
	})
}
