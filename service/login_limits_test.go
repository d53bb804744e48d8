package service

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
	"wharf/util/password"
)

var noon = time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)

// wait returns how long a try at the time at has to wait.
func wait(t *testing.T, g *loginGate, name, addr string, at time.Time) time.Duration {
	t.Helper()
	try, busy, err := g.reserve(name, addr, at)
	if err == nil {
		require.Nil(t, busy)
		try.withdrawn()
		return 0
	}
	e, ok := apperr.As(err)
	require.True(t, ok)
	require.Equal(t, apperr.TooMany, e.Kind)
	require.Positive(t, e.RetryAfter)
	return e.RetryAfter
}

// fail tries a wrong password; the try may be refused.
func fail(g *loginGate, name, addr string, at time.Time) {
	if try, _, err := g.reserve(name, addr, at); err == nil {
		try.failed(at)
	}
}

// pass tries the right password.
func pass(g *loginGate, name, addr string) {
	if try, _, err := g.reserve(name, addr, noon); err == nil {
		try.passed()
	}
}

func TestDelayOfAUserGrowsFromOneToSixtySeconds(t *testing.T) {
	t.Parallel()
	g, now := newLoginGate(LoginLimits{PerAddress: 1000}), noon
	for range 5 {
		require.Zero(t, wait(t, g, "u", "a", now))
		fail(g, "u", "a", now)
	}
	for _, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Equal(t, time.Duration(want)*time.Second, wait(t, g, "u", "b", now), "from any address")
		require.Zero(t, wait(t, g, "other", "a", now), "another user isn't meant")
		now = now.Add(time.Duration(want) * time.Second)
		require.Zero(t, wait(t, g, "u", "a", now))
		fail(g, "u", "a", now)
	}
	now = now.Add(forgetAfter + time.Second)
	fail(g, "u", "a", now)
	require.Zero(t, wait(t, g, "u", "a", now), "old failures are forgotten")
}

func TestGuessingFromElsewhereKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{})
	pass(g, "u", "home")
	for i := range 50 {
		fail(g, "u", fmt.Sprint("bot", i), noon)
	}
	require.NotZero(t, wait(t, g, "u", "bot1", noon))
	require.Zero(t, wait(t, g, "u", "home", noon))
	for range 6 {
		fail(g, "u", "home", noon)
	}
	require.NotZero(t, wait(t, g, "u", "home", noon), "but guesses from home are slowed too")
	try, _, err := g.reserve("u", "home", noon.Add(time.Second))
	require.NoError(t, err)
	try.passed()
	require.Zero(t, wait(t, g, "u", "home", noon.Add(time.Second)))
}

func TestAddressHasSoManyFailuresAMinute(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{PerAddress: 30})
	for i := range 30 {
		name := fmt.Sprint("u", i)
		require.Zero(t, wait(t, g, name, "a", noon))
		fail(g, name, "a", noon)
	}
	require.Equal(t, 2*time.Second, wait(t, g, "new", "a", noon))
	require.Zero(t, wait(t, g, "new", "b", noon))
	require.Zero(t, wait(t, g, "new", "a", noon.Add(2*time.Second)))
}

func TestWhatLimitsRememberIsBounded(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{})
	for i := range 3 * limitsMax {
		fail(g, fmt.Sprint("u", i), fmt.Sprint("a", i), noon)
		pass(g, fmt.Sprint("v", i), "a")
	}
	require.LessOrEqual(t, len(g.addresses), limitsMax)
	require.LessOrEqual(t, len(g.users), limitsMax)
	require.LessOrEqual(t, len(g.known), limitsMax)
}

func TestGuessedPasswordIsTooManyWhoeverItIs(t *testing.T) {
	t.Parallel()
	b := newFixture(t, dbtest.Open(t, dbtest.SQLiteSource(t)), SessionsOptions{Limits: LoginLimits{FreeTries: 2}})
	for _, name := range []string{"gildong", "nobody"} {
		for range 2 {
			_, err := b.sessions.Login(t.Context(), name, "wrong", Client{Addr: "bot"})
			requireUnauthorized(t, err)
		}
		_, err := b.sessions.Login(t.Context(), name, "wrong", Client{Addr: "bot"})
		requireKind(t, apperr.TooMany, err)
	}
	require.Eventually(t, func() bool {
		_, err := b.sessions.Login(t.Context(), "gildong", "123123", Client{Addr: "home"})
		return err == nil
	}, time.Minute, 50*time.Millisecond, "the wait ends")
}

func TestOneIPv6NetworkIsOneAddress(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{PerAddress: 30})
	for i := range 30 {
		fail(g, fmt.Sprint("u", i), fmt.Sprintf("2001:db8:0:1:%x::%x", i, i*i), noon)
	}
	require.NotZero(t, wait(t, g, "new", "2001:db8:0:1::7", noon))
	require.NotZero(t, wait(t, g, "new", "2001:db8:0:1::7%eth0", noon))
	require.Zero(t, wait(t, g, "new", "2001:db8:0:2::7", noon))
	for addr, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "::ffff:192.0.2.7", "": "", "bot": "bot", "::1": "::/64",
	} {
		require.Equal(t, want, networkOf(addr))
	}
}

// TestParallelGuessesAreReservedBeforeTheyAreChecked tries many wrong passwords concurrently: while five are being checked, the
// others wait; after those five have failed, the others are refused.
func TestParallelGuessesAreReservedBeforeTheyAreChecked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newLoginGate(LoginLimits{})
		var judged, refused atomic.Int32
		check := make(chan struct{}) // closed when all tries have begun
		for range 60 {
			go func() {
				try, err := g.enter(t.Context(), "u", "a")
				if err != nil {
					refused.Add(1)
					return
				}
				judged.Add(1)
				<-check
				try.failed(time.Now())
			}()
		}
		synctest.Wait()
		require.Equal(t, int32(5), judged.Load())
		require.Zero(t, refused.Load())
		close(check)
		synctest.Wait()
		require.Equal(t, int32(5), judged.Load())
		require.Equal(t, int32(55), refused.Load())
	})
}

func TestParallelLoginsWithTheRightPasswordAllPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newLoginGate(LoginLimits{})
		var passed atomic.Int32
		for range 200 {
			go func() {
				try, err := g.enter(t.Context(), "u", "a")
				if err == nil {
					time.Sleep(time.Second) // the check, on the test's simulated clock
					try.passed()
					passed.Add(1)
				}
			}()
		}
		time.Sleep(time.Minute)
		require.Equal(t, int32(200), passed.Load())
		require.Zero(t, g.queued)
	})
}

func TestTriesThatWaitAreBoundedAndLeaveWithTheirCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newLoginGate(LoginLimits{})
		for range g.limits.FreeTries {
			_, err := g.enter(t.Context(), "u", "a")
			require.NoError(t, err)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		for range queuedTries {
			go func() { _, _ = g.enter(ctx, "u", "a") }()
		}
		synctest.Wait()
		_, err := g.enter(t.Context(), "u", "a")
		require.Equal(t, apperr.TooMany, apperr.KindOf(err))
		hangUp()
		synctest.Wait()
		require.Zero(t, g.queued)
	})
}

func TestTryThatNobodyJudgedCountsForNothing(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{PerAddress: 2, FreeTries: 1})
	for range 10 {
		try, _, err := g.reserve("u", "a", noon)
		require.NoError(t, err)
		try.withdrawn()
		try.failed(noon) // no effect: the try has already ended
	}
	require.Zero(t, wait(t, g, "u", "a", noon))
}

// TestHonestLoginPassesAmongManyAttackers logs in while 64 addresses guess passwords without a pause.
func TestHonestLoginPassesAmongManyAttackers(t *testing.T) {
	t.Parallel()
	b := newFixture(t, dbtest.Open(t, dbtest.SQLiteSource(t)), SessionsOptions{Hasher: password.New(password.Options{})})
	home := Client{Addr: "198.51.100.1"}
	_, err := b.sessions.Login(t.Context(), "gildong", "123123", home)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var attacking sync.WaitGroup
	var tries atomic.Int64
	tried := make(chan struct{}, 16)
	for i := range 64 {
		attacking.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				from := Client{Addr: fmt.Sprintf("192.0.2.%d", i)}
				_, _ = b.sessions.Login(ctx, fmt.Sprintf("user%d-%d", i, n), "wrong", from)
				tries.Add(1)
				select {
				case tried <- struct{}{}:
				default:
				}
			}
		})
	}
	var slowest time.Duration
	for n := range 3 {
		for range cap(tried) {
			<-tried
		}
		start := time.Now()
		_, err := b.sessions.Login(t.Context(), "gildong", "123123", home)
		require.NoError(t, err, "login %d", n)
		slowest = max(slowest, time.Since(start))
	}
	stop()
	attacking.Wait()
	t.Logf("seen: 3 of 3 honest logins in %v at most, beside %d of attackers", slowest, tries.Load())
	require.Less(t, slowest, 20*time.Second, "a moment on a quiet machine; attackers' delays grow to a minute")
}

func TestHomeIsKnownAfterARestartAndOnAnotherReplica(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		_, err := b.sessions.Login(t.Context(), "gildong", "123123", Client{Addr: "2001:db8::1"})
		require.NoError(t, err)
		again := replica(t, d, newMaker(t), SessionsOptions{})
		for range again.sessions.gate.own.limits.FreeTries {
			_, err := again.sessions.Login(t.Context(), "gildong", "wrong", Client{Addr: "bot"})
			requireUnauthorized(t, err)
		}
		_, err = again.sessions.Login(t.Context(), "gildong", "123123", Client{Addr: "elsewhere"})
		requireKind(t, apperr.TooMany, err)
		_, err = again.sessions.Login(t.Context(), "gildong", "123123", Client{Addr: "2001:db8::2"})
		require.NoError(t, err)
	})
}
