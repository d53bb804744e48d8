package stats

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

func TestSilentHostGivesItsLastSampleFor15Seconds(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(e *fakeEngine){
		"refuses": func(e *fakeEngine) { e.down = errDown },
		"hangs":   func(e *fakeEngine) { e.hangs["*"], e.hangs["list"] = true, true },
	} {
		for profile, engine := range map[string]func(int) func() *fakeEngine{"direct": direct, "waiting": waiting} {
			t.Run(name+" "+profile, func(t *testing.T) {
				t.Parallel()
				inBubble(t, engine(10), Options{}, func(t *fixture) {
					e, s := t.e, t.s
					timed(t, s)
					pass(5 * time.Second)
					e.with(func() { fail(e) })
					last, _ := timed(t, s)
					for time.Since(last.SampledAt) < 40*time.Second {
						began := time.Now()
						snap, err := s.All(t.Context())
						require.LessOrEqual(t, time.Since(began), answerIn)
						if err == nil {
							last = snap
							require.LessOrEqual(t, time.Since(snap.SampledAt), maxAge)
							for _, u := range snap.Usages {
								require.False(t, u.SampledAt.IsZero())
							}
						} else {
							require.Equal(t, apperr.Unavailable, apperr.KindOf(err))
							require.Greater(t, time.Since(last.SampledAt), maxAge-answerIn)
						}
						_, oneErr := s.One(t.Context(), fakeID(3))
						if err != nil && oneErr != nil { // its sample may be a little newer than the oldest
							require.Equal(t, apperr.Unavailable, apperr.KindOf(oneErr))
						}
						pass(500 * time.Millisecond)
					}
					_, err := s.One(t.Context(), fakeID(3))
					require.Equal(t, apperr.Unavailable, apperr.KindOf(err))
					e.with(func() { e.down, e.hangs = nil, map[string]bool{} })
					pass(retryAfter + sampleWithin)
					timed(t, s)
				})
			})
		}
	}
}

func TestColdQuestionToADeadHostFailsAtOnceAndToAMuteOneIn3Seconds(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		e.with(func() { e.down = errDown })
		began := time.Now()
		_, err := s.All(t.Context())
		require.ErrorIs(t, err, errDown)
		_, err = s.One(t.Context(), fakeID(0))
		require.ErrorIs(t, err, errDown)
		require.Zero(t, time.Since(began))
		pass(time.Minute)
		e.with(func() { e.down, e.hangs["list"] = nil, true })
		began = time.Now()
		_, err = s.All(t.Context())
		require.Equal(t, apperr.Unavailable, apperr.KindOf(err))
		require.Equal(t, answerIn, time.Since(began))
	})
}

func TestEngineThatSaysNonsenseIsUnavailable(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		t.e.with(func() { t.e.lies = `{"read":` })
		_, err := t.s.All(t.Context())
		require.Equal(t, apperr.Unavailable, apperr.KindOf(err))
		require.ErrorIs(t, err, errJSON)
	})
}

func TestEngineIsJudgedAgainAfterAReconnect(t *testing.T) {
	t.Parallel()
	inBubble(t, waiting(10), Options{}, func(t *fixture) {
		e, s := t.e, t.s
		timed(t, s)
		pass(time.Minute)
		s.OnChange(Change{Kind: Disconnected})
		e.with(func() { e.profile.Major = 29 })
		s.OnChange(Change{Kind: Connected})
		_, took := timed(t, s)
		require.InDelta(t, minGap.Seconds(), took.Seconds(), 0.01)
		_, profiles := e.counts()
		require.Equal(t, 2, profiles)
	})
}
