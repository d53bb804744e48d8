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

// inBubble runs a test in a synctest bubble with a sampler whose event stream is connected.
func inBubble(t *testing.T, f func() *fakeEngine, o Options, test func(t *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &fixture{T: t, e: f()}
		r.s = New(r.e, o)
		defer r.s.Close()
		r.s.OnChange(Change{Kind: Connected})
		test(r)
	})
}

// fixture is a test with its engine and its sampler.
type fixture struct {
	*testing.T
	e *fakeEngine
	s *Sampler
}

// pass waits for a time of the bubble's clock.
func pass(d time.Duration) { <-time.After(d) }

func direct(n int) func() *fakeEngine  { return func() *fakeEngine { return newFake(28, n) } }
func waiting(n int) func() *fakeEngine { return func() *fakeEngine { return newFake(20, n) } }

// timed returns the result of All, and how long it took.
func timed(t testing.TB, s *Sampler) (*Snapshot, time.Duration) {
	t.Helper()
	began := time.Now()
	snap, err := s.All(t.Context())
	require.NoError(t, err)
	return snap, time.Since(began)
}

func TestNothingIsAskedWhileNobodyAsks(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(5), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		s.OnChange(Change{Kind: Started, ID: fakeID(0)})
		s.OnChange(Change{Kind: Missed})
		pass(time.Hour)
		lists, profiles := e.counts()
		require.Zero(t, lists+profiles+e.asked())
	})
}

func TestSamplingEndsAfterTheLastQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newFake(28, 5)
		s := New(e, Options{Idle: 30 * time.Second}) // not closed: a remaining goroutine fails the bubble
		s.OnChange(Change{Kind: Connected})
		timed(t, s)
		pass(29 * time.Second)
		before := e.asked()
		pass(3 * time.Second)
		after := e.asked()
		require.Greater(t, after, 5*20)
		require.LessOrEqual(t, after-before, 10)
		pass(time.Hour)
		require.Equal(t, after, e.asked())
		lists, _ := e.counts()
		require.Equal(t, 1, lists)
	})
}

func TestColdAnswerOfAnEngineThatAnswersAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(100), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		e.slow = 3 * time.Millisecond
		snap, took := timed(t, s)
		require.InDelta(t, minGap.Seconds(), took.Seconds(), 0.02)
		require.False(t, snap.Partial)
		require.Len(t, snap.Usages, 100)
		for _, u := range snap.Usages {
			require.InDelta(t, cpuShare, u.CPUPercent, 0.01)
			require.InDelta(t, 1000, u.NetworkRxRate, 5)
			require.InDelta(t, 4.096, u.MemoryPercent, 0.001)
		}
		require.Equal(t, 200, e.asked())
	})
}

func TestColdAnswerOfAnEngineThatWaits(t *testing.T) {
	t.Parallel()
	inBubble(t, waiting(300), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		snap, took := timed(t, s)
		require.Equal(t, 2*time.Second, took)
		require.False(t, snap.Partial)
		require.InDelta(t, cpuShare, snap.Usages[299].CPUPercent, 0.01)
		require.Equal(t, 300, e.asked(), "one stream each, not two questions")
	})
}

func TestUnknownEngineIsAskedAsOneThatWaitsAndPodmanIsNot(t *testing.T) {
	t.Parallel()
	require.True(t, Profile{}.waits())
	require.True(t, Profile{Major: 24}.waits())
	require.False(t, Profile{Major: 25}.waits())
	require.False(t, Profile{Major: 5, Podman: true}.waits())
}

func TestSecondColdAnswerNeedsOneSample(t *testing.T) {
	t.Parallel()
	inBubble(t, waiting(10), Options{Idle: time.Second}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		pass(5 * time.Second)
		asked := e.asked()
		snap, took := timed(t, s)
		require.Equal(t, time.Second, took)
		require.Equal(t, 10, e.asked()-asked)
		require.InDelta(t, cpuShare, snap.Usages[0].CPUPercent, 0.01)
		pass(maxGap + 5*time.Second)
		_, took = timed(t, s)
		require.Equal(t, 2*time.Second, took, "what was used since long ago is not what is used")
	})
}

func TestAtThreeSecondsWithWhatThereIs(t *testing.T) {
	t.Parallel()
	for name, engine := range map[string]func(int) func() *fakeEngine{"direct": direct, "waiting": waiting} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, engine(100), Options{}, func(t *fixture) {
				e, s := t.e, t.s
				for i := range 50 {
					e.hangs[fakeID(i*2)] = true
				}
				snap, took := timed(t, s)
				require.Equal(t, answerIn, took)
				require.True(t, snap.Partial)
				require.Len(t, snap.Usages, 100)
				for i, u := range snap.Usages {
					require.Equal(t, fakeID(i), u.ID)
					require.Equal(t, i%2 == 0, u.SampledAt.IsZero())
					require.True(t, u.Running)
				}
				_, took = timed(t, s)
				require.Zero(t, took, "the next caller isn't kept waiting again")
			})
		})
	}
}

func TestWarmAnswersAreOneSnapshotUntilTheNextSample(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(10), Options{}, func(t *fixture) {
		s := t.s
		first, _ := timed(t, s)
		pass(500 * time.Millisecond)
		again, took := timed(t, s)
		require.Same(t, first, again)
		require.Zero(t, took)
		pass(time.Second)
		next, took := timed(t, s)
		require.NotSame(t, first, next)
		require.Zero(t, took)
		require.True(t, next.SampledAt.After(first.SampledAt))
	})
}

func TestCallersShareTheSampling(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(50), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		e.slow = 3 * time.Millisecond
		var wg sync.WaitGroup
		snaps := make([]*Snapshot, 20)
		for i := range snaps {
			wg.Go(func() { snaps[i], _ = s.All(t.Context()) })
		}
		wg.Wait()
		for _, snap := range snaps {
			require.Same(t, snaps[0], snap)
		}
		require.Equal(t, 100, e.asked())
	})
}

func TestOneAsksForItsOneContainerAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(100), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		began := time.Now()
		u, err := s.One(t.Context(), fakeID(7))
		require.NoError(t, err)
		require.InDelta(t, minGap.Seconds(), time.Since(began).Seconds(), 0.01)
		require.InDelta(t, cpuShare, u.CPUPercent, 0.01)
		require.Equal(t, "c7", u.Name)
		require.Equal(t, 2, e.asked())
		began = time.Now()
		_, err = s.One(t.Context(), fakeID(7))
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
		snap, took := timed(t, s)
		require.InDelta(t, minGap.Seconds(), took.Seconds(), 0.01)
		require.False(t, snap.Partial)
	})
}

func TestOneOfAnUnknownContainerIsNotFound(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(3), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		_, err := s.One(t.Context(), fakeID(9))
		require.Equal(t, apperr.NotFound, apperr.KindOf(err))
		require.Zero(t, e.asked())
	})
}

func TestStoppedContainersAreZerosAndNotAskedFor(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		e.list[0].Running = false
		e.stopped[fakeID(1)] = true // running in the list, as when it is restarting
		snap, _ := timed(t, s)
		require.False(t, snap.Partial)
		require.Equal(t, Usage{ID: fakeID(0), Name: "c0", Labels: map[string]string{}}, snap.Usages[0])
		require.Equal(t, Usage{ID: fakeID(1), Name: "c1", Labels: map[string]string{}}, snap.Usages[1])
		pass(20 * time.Second)
		require.LessOrEqual(t, e.asked(), 6, "once more after a second, then every five seconds")
		u, err := s.One(t.Context(), fakeID(0))
		require.NoError(t, err)
		require.False(t, u.Running)
	})
}

func TestOneEmptySampleDoesNotStopARunningContainer(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		pass(1500 * time.Millisecond)
		asked := e.askedFor(fakeID(1))
		e.with(func() { e.stopped[fakeID(1)] = true })
		for e.askedFor(fakeID(1)) == asked {
			pass(10 * time.Millisecond)
		}
		e.with(func() { e.stopped[fakeID(1)] = false })
		for range 100 {
			snap, _ := timed(t, s)
			require.True(t, snap.Usages[1].Running)
			require.InDelta(t, cpuShare, snap.Usages[1].CPUPercent, 0.01)
			pass(50 * time.Millisecond)
		}
	})
}

func TestEmptySamplesAreBelievedUntilARealOneComes(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		e.with(func() { e.stopped[fakeID(1)] = true })
		pass(5 * time.Second)
		snap, took := timed(t, s)
		require.Zero(t, took)
		require.False(t, snap.Partial)
		require.Equal(t, Usage{ID: fakeID(1), Name: "c1", Labels: map[string]string{}}, snap.Usages[1])
		e.with(func() { e.stopped[fakeID(1)] = false })
		pass(7 * time.Second)
		snap, _ = timed(t, s)
		require.True(t, snap.Usages[1].Running)
		require.InDelta(t, cpuShare, snap.Usages[1].CPUPercent, 0.01)
	})
}

func TestIntervalKeepsTheBudget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		major, n int
		budget   float64
		cost     time.Duration
	}{
		"direct":         {28, 100, 0.1, costDirect},
		"waiting":        {20, 100, 0.1, costWaiting},
		"few containers": {28, 10, 0.1, time.Second / 100}, // once a second: 10 samples for 0.1 s
		"a large budget": {28, 100, 1, time.Second / 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newFake(c.major, c.n)
				s := New(e, Options{Budget: c.budget, Idle: time.Hour})
				defer s.Close()
				s.OnChange(Change{Kind: Connected})
				timed(t, s)
				pass(10 * time.Second)
				before := e.asked()
				pass(2 * time.Minute)
				rounds := float64(e.asked()-before) / float64(c.n)
				cost := c.cost.Seconds() * rounds * float64(c.n) / 120
				if name == "few containers" || name == "a large budget" {
					require.InDelta(t, 120, rounds, 2, "never more than once a second")
					return
				}
				require.InEpsilon(t, c.budget, cost, 0.1)
			})
		})
	}
}

func TestIntervalIsNeverLongerThanASampleMayBeOld(t *testing.T) {
	t.Parallel()
	inBubble(t, waiting(300), Options{Budget: 0.001, Idle: time.Hour}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		for range 600 {
			pass(100 * time.Millisecond)
			snap, took := timed(t, s)
			require.Zero(t, took)
			require.False(t, snap.Partial)
			require.LessOrEqual(t, time.Since(snap.SampledAt), maxAge)
		}
		require.LessOrEqual(t, e.asked(), 300*6)
	})
}

func TestCallerThatGoesAwayGetsItsContextsError(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		e.hangs["list"] = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.All(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestRunEndsTheSamplerWithItsContext(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		e.hangs["*"] = true
		waiting := make(chan error)
		go func() {
			_, err := s.All(context.Background())
			waiting <- err
		}()
		synctest.Wait()
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, apperr.Unavailable, apperr.KindOf(<-waiting))
		_, err := s.All(t.Context())
		require.Equal(t, apperr.Unavailable, apperr.KindOf(err))
	})
}
