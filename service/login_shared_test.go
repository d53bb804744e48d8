package service

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
)

// gates returns the gates of replicas on one database.
func gates(d *db.DB, n int, l LoginLimits) []*tryGate {
	all := make([]*tryGate, n)
	for i := range all {
		all[i] = newTryGate(d, "login", []byte("a secret of all"), l)
	}
	return all
}

// TestThreeReplicasLimitAsOne tries wrong passwords concurrently on three replicas. Together they check as many as one replica
// would, by user and by address.
func TestThreeReplicasLimitAsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, c := range map[string]struct {
			user, addr func(n int) string
			want       int32
		}{
			"a user":     {func(int) string { return "u" }, func(n int) string { return fmt.Sprintf("192.0.2.%d", n) }, 5},
			"an address": {func(n int) string { return fmt.Sprint("v", n) }, func(int) string { return "198.51.100.1" }, 10},
		} {
			all := gates(d, 3, LoginLimits{PerAddress: 10})
			var checked, refused atomic.Int32
			var tries sync.WaitGroup
			start := time.Now()
			for n := range 90 {
				tries.Go(func() {
					try, err := all[n%3].enter(t.Context(), c.user(n), c.addr(n))
					if err != nil {
						if assert.Equal(t, apperr.TooMany, apperr.KindOf(err), "%v", err) {
							refused.Add(1)
						}
						return
					}
					checked.Add(1)
					try.failed(time.Now())
				})
			}
			tries.Wait()
			// During the test, delays and the refilled bucket admit no more tries than on one replica.
			more := int32(time.Since(start).Seconds()) + 1
			require.GreaterOrEqual(t, checked.Load(), c.want, name)
			require.LessOrEqual(t, checked.Load(), c.want+more, name)
			require.Equal(t, int32(90), checked.Load()+refused.Load(), name)
		}
	})
}

func TestLimitsHoldOverARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := gates(d, 1, LoginLimits{FreeTries: 1})[0]
		for range 5 { // each delay is longer than the previous one
			if try, err := g.enter(t.Context(), "u", "bot"); err == nil {
				try.failed(time.Now().Add(time.Minute))
			}
		}
		_, err := gates(d, 1, LoginLimits{FreeTries: 1})[0].enter(t.Context(), "u", "elsewhere")
		requireKind(t, apperr.TooMany, err)
		try, err := gates(d, 1, LoginLimits{FreeTries: 1})[0].enter(t.Context(), "other", "elsewhere")
		require.NoError(t, err)
		try.withdrawn()
	})
}

// A login on one replica ends the delays on all of them, and makes its address known to all.
func TestALoginCountsOnEveryReplica(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		all := gates(d, 2, LoginLimits{FreeTries: 1})
		try, err := all[0].enter(t.Context(), "u", "bot")
		require.NoError(t, err)
		try.failed(time.Now())
		for _, g := range all {
			_, err = g.enter(t.Context(), "u", "bot")
			requireKind(t, apperr.TooMany, err)
		}
		require.Eventually(t, func() bool {
			try, err = all[1].enter(t.Context(), "u", "home")
			return err == nil
		}, time.Minute, 50*time.Millisecond, "the delay ends")
		try.passed()
		require.Eventually(t, func() bool {
			try, err := all[0].enter(t.Context(), "u", "bot")
			if err == nil {
				try.withdrawn()
			}
			return err == nil
		}, time.Minute, 50*time.Millisecond, "the first replica learns of it")
		require.True(t, all[0].shared.remembers(t.Context(), userAt{"u", "home"}))
		require.False(t, all[0].shared.remembers(t.Context(), userAt{"u", "bot"}))
	})
}

// A try that a dead replica left behind counts for half a minute, not forever. A try is ended even if its context has ended.
func TestTriesOfTheDeadEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		all := gates(d, 2, LoginLimits{FreeTries: 1})
		_, err := all[0].enter(t.Context(), "u", "a") // never ended
		require.NoError(t, err)
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = all[1].enter(short, "u", "b")
		require.ErrorIs(t, err, context.DeadlineExceeded, "it waits for the other's")
		row, err := all[1].shared.read(t.Context(), all[1].shared.rowsOf(userAt{name: "u"}, "b").user)
		require.NoError(t, err)
		require.InDelta(t, time.Now().Add(reservedFor).UnixMicro(), row.PendingUntil, float64(reservedFor.Microseconds()))

		ctx, gone := context.WithCancel(t.Context())
		try, err := all[0].enter(ctx, "w", "a")
		require.NoError(t, err)
		gone()
		try.failed(time.Now())
		_, err = all[1].enter(t.Context(), "w", "c")
		requireKind(t, apperr.TooMany, err)
	})
}

// The database must not contain a name from a login form: it may be a password.
func TestTriesAreKeptWithoutNames(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, dbtest.SQLiteSource(t))
	a, b := newTryGate(d, "login", []byte("one"), LoginLimits{}), newTryGate(d, "login", []byte("two"), LoginLimits{})
	at := userAt{name: "s3cret"}
	require.Regexp(t, "^[0-9a-f]{32}$", a.shared.rowsOf(at, "x").user)
	require.NotEqual(t, a.shared.rowsOf(at, "x").user, b.shared.rowsOf(at, "x").user, "without the key nobody can look a name up")
	require.NotEqual(t, a.shared.key("user", "ab", "c"), a.shared.key("user", "a", "bc"))
}
