package stats

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var base = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func TestCPUPercent(t *testing.T) {
	t.Parallel()
	prev := Sample{Read: base, CPUTotal: 1e9, SystemCPU: 100e9, OnlineCPUs: 4}
	at := func(change func(*Sample)) Sample {
		s := Sample{Read: base.Add(time.Second), CPUTotal: 2e9, SystemCPU: 104e9, OnlineCPUs: 4}
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		cur  Sample
		want float64
	}{
		"one of four cores busy is 100":              {at(func(*Sample) {}), 100},
		"every core busy is 400":                     {at(func(s *Sample) { s.CPUTotal = 5e9 }), 400},
		"more than there is counts as all there is":  {at(func(s *Sample) { s.CPUTotal = 50e9 }), 400},
		"nothing used":                               {at(func(s *Sample) { s.CPUTotal = 1e9 }), 0},
		"the counter began again after a restart":    {at(func(s *Sample) { s.CPUTotal = 5e8 }), 0},
		"no host time: wall clock":                   {at(func(s *Sample) { s.SystemCPU = 0 }), 100},
		"host time stands still: wall clock":         {at(func(s *Sample) { s.SystemCPU = 100e9 }), 100},
		"host time ran backwards: wall clock":        {at(func(s *Sample) { s.SystemCPU = 1 }), 100},
		"host time of a cgroup (Podman): wall clock": {at(func(s *Sample) { s.SystemCPU = 101.2e9 }), 100},
		"online_cpus 0: wall clock":                  {at(func(s *Sample) { s.OnlineCPUs = 0 }), 100},
		"no time passed by the clock: host time":     {at(func(s *Sample) { s.Read = base }), 100},
		"the clock was set back: host time":          {at(func(s *Sample) { s.Read = base.Add(-time.Hour) }), 100},
		"no clock at all":                            {at(func(s *Sample) { s.Read, s.SystemCPU = base, 0 }), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, c.want, cpuPercent(prev, c.cur), 1e-9)
		})
	}
}

func TestMemoryLessPageCache(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 70, lessCache(100, 30, true, 99), "cgroup v1 counts total_inactive_file")
	require.EqualValues(t, 60, lessCache(100, 0, false, 40), "cgroup v2 counts inactive_file")
	require.EqualValues(t, 100, lessCache(100, 0, false, 0), "Podman tells neither")
	require.EqualValues(t, 100, lessCache(100, 200, true, 200), "more cache than usage can't be right")
}

func TestMemoryLimitThatLimitsNothingIsNone(t *testing.T) {
	t.Parallel()
	for _, limit := range []uint64{0, 9223372036854771712, math.MaxUint64} {
		require.Zero(t, memoryLimit(limit))
		require.Zero(t, memoryPercent(5, memoryLimit(limit)))
	}
	require.EqualValues(t, 4<<30, memoryLimit(4<<30))
	require.InDelta(t, 25, memoryPercent(1<<30, 4<<30), 1e-9)
}

func TestRates(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 50, perSecond(100, 200, 2*time.Second), 1e-9)
	require.Zero(t, perSecond(200, 100, time.Second), "a counter that began again has no rate")
	require.Zero(t, perSecond(100, 200, 0))
	require.Zero(t, perSecond(100, 200, -time.Second))
}

func drawSample(t *rapid.T, name string) Sample {
	counter := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 1e12), rapid.SampledFrom([]uint64{0, 1, math.MaxUint64, math.MaxInt64}))
	read := rapid.OneOf(
		rapid.Just(time.Time{}), rapid.Just(base),
		rapid.Map(rapid.Int64Range(-1e10, 1e10), func(ns int64) time.Time { return base.Add(time.Duration(ns)) }),
		rapid.Map(rapid.Int64(), func(ns int64) time.Time { return time.Unix(0, ns) }),
	).Draw(t, name+".Read")
	draw := func(field string) uint64 { return counter.Draw(t, name+"."+field) }
	return Sample{
		Read: read, CPUTotal: draw("CPUTotal"), SystemCPU: draw("SystemCPU"),
		OnlineCPUs: rapid.OneOf(rapid.Uint32Range(0, 512), rapid.Uint32()).Draw(t, name+".OnlineCPUs"),
		Memory:     draw("Memory"), MemoryMax: draw("MemoryMax"), NetRx: draw("NetRx"), NetTx: draw("NetTx"),
		BlockRead: draw("BlockRead"), BlockWrite: draw("BlockWrite"), Pids: draw("Pids"),
	}
}

// sane fails the test if a number of a usage is invalid.
func sane(t require.TestingT, u Usage, cpus uint32) {
	most := math.Inf(1)
	if cpus > 0 && cpus <= maxCPUs {
		most = float64(cpus) * 100
	}
	require.LessOrEqual(t, u.CPUPercent, min(most, maxCPUs*100))
	require.LessOrEqual(t, u.HostCPUPercent, 100.0)
	for _, x := range []float64{
		u.CPUPercent, u.HostCPUPercent, u.MemoryPercent,
		u.NetworkRxRate, u.NetworkTxRate, u.BlockReadRate, u.BlockWriteRate,
	} {
		require.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%v", x)
		require.GreaterOrEqual(t, x, 0.0)
	}
}

func TestUsageIsNeverNaNNorNegativeNorAboveAllCores(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prev, cur := drawSample(t, "prev"), drawSample(t, "cur")
		var u Usage
		u.apply(cur)
		u.applyPair(prev, cur)
		sane(t, u, cur.OnlineCPUs)
	})
}
