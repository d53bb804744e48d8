package stats

import (
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPointTakes32Bytes(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, unsafe.Sizeof(packed{}), uintptr(32))
}

func TestHistoryKeepsItsLastPointsInOrder(t *testing.T) {
	t.Parallel()
	var r ring
	const n = 2000
	for i := range n {
		r.push(base.Add(time.Duration(i)*time.Second), Usage{CPUPercent: float64(i), MemoryUsage: uint64(i) * page, Pids: uint64(i)}, historyLen)
	}
	got := r.since(base, 0)
	require.Len(t, got, 900)
	require.Equal(t, 900, cap(r.points), "no more memory than 15 min take")
	for i, p := range got {
		k := n - 900 + i
		require.Equal(t, base.Add(time.Duration(k)*time.Second), p.At)
		require.InDelta(t, k, p.CPUPercent, 1e-3)
		require.EqualValues(t, k*page, p.MemoryUsage)
		require.EqualValues(t, k, p.Pids)
	}
	require.Len(t, r.since(base.Add((n-10)*time.Second), 0), 10)
	require.Empty(t, r.since(base.Add(n*time.Second), 0))
}

func TestHistoryInStepsIsTheMeanOfEachStep(t *testing.T) {
	t.Parallel()
	var r ring
	for i := range 20 {
		if i == 7 || i == 8 || i == 9 || i >= 10 && i < 15 {
			continue // not asked for
		}
		r.push(base.Add(time.Duration(i)*time.Second), Usage{CPUPercent: float64(i), NetworkRxRate: 10, MemoryUsage: 2 * page}, historyLen)
	}
	got := r.since(base, 5*time.Second)
	require.Len(t, got, 3)
	require.Equal(t, []time.Time{base, base.Add(5 * time.Second), base.Add(15 * time.Second)}, []time.Time{got[0].At, got[1].At, got[2].At})
	require.InDelta(t, 2, got[0].CPUPercent, 1e-6)
	require.InDelta(t, 5.5, got[1].CPUPercent, 1e-6)
	require.InDelta(t, 17, got[2].CPUPercent, 1e-6)
	require.InDelta(t, 10, got[1].NetworkRxRate, 1e-6)
	require.EqualValues(t, 2*page, got[2].MemoryUsage)
}

func TestHistoryHoldsWhatWasPushed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r ring
		keep := time.Duration(rapid.IntRange(1, 40).Draw(t, "keep")) * time.Second
		times := rapid.SliceOf(rapid.Int64Range(0, 5000)).Draw(t, "gaps")
		now, want := base, []time.Time{}
		for _, ms := range times {
			now = now.Add(time.Duration(ms) * time.Millisecond)
			r.push(now, Usage{}, keep)
			want = append(want, now)
		}
		want = want[max(0, len(want)-int(keep/time.Second)):]
		got := r.since(base, 0)
		require.Len(t, got, len(want))
		for i := range got {
			require.Equal(t, want[i], got[i].At)
		}
		for _, p := range r.since(base, 7*time.Second) {
			require.Equal(t, p.At, p.At.Truncate(7*time.Second))
		}
	})
}

func TestHistoryIsKeptWhileNobodyAsksAndThenLetGo(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(2), Options{}, func(t *fixture) {
		timed(t, t.s)
		pass(20 * time.Second)
		_, points, err := t.s.History(t.Context(), fakeID(1), 10*time.Minute, 0)
		require.NoError(t, err)
		require.InDelta(t, 20, len(points), 2)
		for _, p := range points {
			require.InDelta(t, cpuShare, p.CPUPercent, 0.01)
			require.InDelta(t, 1000, p.NetworkRxRate, 5)
		}
		pass(5 * time.Minute)
		_, points, err = t.s.History(t.Context(), fakeID(1), 10*time.Minute, 5*time.Second)
		require.NoError(t, err)
		require.InDelta(t, 50/5, len(points), 3)
		_, points, err = t.s.History(t.Context(), fakeID(1), time.Minute, 0)
		require.NoError(t, err)
		require.LessOrEqual(t, len(points), 2)
		pass(time.Hour)
		t.s.mu.Lock()
		defer t.s.mu.Unlock()
		require.Nil(t, t.s.table.byID[fakeID(1)].history.points, "nothing of it could be asked for")
	})
}

func TestNoHistoryIsKeptWhereNoneIsWanted(t *testing.T) {
	t.Parallel()
	inBubble(t, direct(1), Options{History: -1}, func(t *fixture) {
		timed(t, t.s)
		pass(10 * time.Second)
		_, points, err := t.s.History(t.Context(), fakeID(0), time.Minute, 0)
		require.NoError(t, err)
		require.Empty(t, points)
	})
}
