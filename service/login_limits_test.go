package service

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/util/apperr"
)

var noon = time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)

// wait returns how long a try at that time has to wait.
func wait(t *testing.T, g *loginGate, name, addr string, at time.Time) time.Duration {
	t.Helper()
	err := g.enter(name, addr, at)
	if err == nil {
		return 0
	}
	e, ok := apperr.As(err)
	require.True(t, ok)
	require.Equal(t, apperr.TooMany, e.Kind)
	require.Positive(t, e.RetryAfter)
	return e.RetryAfter
}

func TestDelayOfAUserGrowsFromOneToSixtySeconds(t *testing.T) {
	t.Parallel()
	g, now := newLoginGate(LoginLimits{PerAddress: 1000}), noon
	for range 5 {
		require.Zero(t, wait(t, g, "u", "a", now))
		g.failed("u", "a", now)
	}
	for _, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Equal(t, time.Duration(want)*time.Second, wait(t, g, "u", "b", now), "from any address")
		require.Zero(t, wait(t, g, "other", "a", now), "another user isn't meant")
		now = now.Add(time.Duration(want) * time.Second)
		require.Zero(t, wait(t, g, "u", "a", now))
		g.failed("u", "a", now)
	}
	now = now.Add(forgetAfter + time.Second)
	g.failed("u", "a", now)
	require.Zero(t, wait(t, g, "u", "a", now), "old failures are forgotten")
}

func TestGuessingFromElsewhereKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{})
	g.passed("u", "home")
	for i := range 50 {
		g.failed("u", fmt.Sprint("bot", i), noon)
	}
	require.NotZero(t, wait(t, g, "u", "bot1", noon))
	require.Zero(t, wait(t, g, "u", "home", noon))
	for range 6 {
		g.failed("u", "home", noon)
	}
	require.NotZero(t, wait(t, g, "u", "home", noon), "but who is at home may guess no more either")
	g.passed("u", "home")
	require.Zero(t, wait(t, g, "u", "home", noon))
}

func TestAddressHasSoManyFailuresAMinute(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{PerAddress: 30})
	for i := range 30 {
		name := fmt.Sprint("u", i)
		require.Zero(t, wait(t, g, name, "a", noon))
		g.failed(name, "a", noon)
	}
	require.Equal(t, 2*time.Second, wait(t, g, "new", "a", noon))
	require.Zero(t, wait(t, g, "new", "b", noon))
	require.Zero(t, wait(t, g, "new", "a", noon.Add(2*time.Second)))
}

func TestWhatLimitsRememberIsBounded(t *testing.T) {
	t.Parallel()
	g := newLoginGate(LoginLimits{})
	for i := range 3 * limitsMax {
		g.failed(fmt.Sprint("u", i), fmt.Sprint("a", i), noon)
		g.passed(fmt.Sprint("v", i), "a")
	}
	require.LessOrEqual(t, len(g.addresses), limitsMax)
	require.LessOrEqual(t, len(g.users), limitsMax)
	require.LessOrEqual(t, len(g.known), limitsMax)
}

func TestGuessedPasswordIsTooManyWhoeverItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, dbtest.SQLiteSource(t)), SessionsOptions{Limits: LoginLimits{FreeTries: 2}})
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
