package stats

import (
	"math"
	"time"
)

// maxCPUs bounds what can be believed where the number of CPUs is unknown: Linux's NR_CPUS is
// 8192 at most.
const maxCPUs = 8192

// plausible is how far the host's CPU clock may be from wall clock times CPUs before it is not
// believed. Docker's clock is /proc/stat, whose ticks of 10 ms are a tenth of a core's 200 ms.
const plausible = 0.25

// cpuPercent is the CPU used between two samples, 100 = one core busy; never NaN, never
// negative, never above 100 for each core. It is docker/cli's calculateCPUPercentUnix
// (cli/command/container/stats_helpers.go): container's time ÷ host's time × CPUs × 100.
//
// Where the host's time is missing, stands still or can't be right, wall clock × CPUs stands for
// it: Podman reports its cgroup's busy time as system_cpu_usage (containers/podman#15754), and the
// kernel's files have none.
func cpuPercent(prev, cur Sample) float64 {
	if cur.CPUTotal <= prev.CPUTotal {
		return 0 // nothing used, or the counter began again
	}
	wall := cur.Read.Sub(prev.Read)
	if prev.Read.IsZero() || cur.Read.IsZero() {
		wall = 0
	}
	used := float64(cur.CPUTotal - prev.CPUTotal)
	percent := 0.0
	switch host, ok := hostTime(prev, cur, wall); {
	case ok:
		percent = used / host * float64(cur.OnlineCPUs) * 100
	case wall > 0:
		percent = used / float64(wall) * 100
	}
	return between(percent, 0, 100*cores(cur))
}

// hostTime is the time in nanoseconds that all CPUs together passed between two samples, if the
// samples show it.
func hostTime(prev, cur Sample, wall time.Duration) (float64, bool) {
	if prev.SystemCPU == 0 || cur.SystemCPU <= prev.SystemCPU || cur.OnlineCPUs == 0 {
		return 0, false
	}
	host := float64(cur.SystemCPU - prev.SystemCPU)
	if wall <= 0 {
		return host, true
	}
	off := host/(float64(wall)*float64(cur.OnlineCPUs)) - 1
	return host, math.Abs(off) <= plausible
}

// hostPercent is the same with 100 = every core busy, 0 where the number of CPUs is unknown.
func hostPercent(percent float64, cpus uint32) float64 {
	if cpus == 0 {
		return 0
	}
	return between(percent/float64(cpus), 0, 100)
}

func cores(s Sample) float64 {
	if s.OnlineCPUs == 0 || s.OnlineCPUs > maxCPUs {
		return maxCPUs
	}
	return float64(s.OnlineCPUs)
}

// lessCache is the memory in use less what the kernel would give back first, as docker/cli's
// calculateMemUsageUnixNoCache: cgroup v1 calls it total_inactive_file, v2 inactive_file.
// Podman has neither.
func lessCache(usage uint64, v1Inactive uint64, isV1 bool, v2Inactive uint64) uint64 {
	if isV1 && v1Inactive < usage {
		return usage - v1Inactive
	}
	if v2Inactive < usage {
		return usage - v2Inactive
	}
	return usage
}

// unlimited is where a memory limit stops being one: cgroup v1 writes the largest multiple of a
// page below 2⁶³ for "no limit", Podman and cgroup v2 readers 2⁶⁴−1. No machine has 2⁶⁰ bytes.
const unlimited = 1 << 60

// memoryLimit returns 0 for a limit that limits nothing.
func memoryLimit(limit uint64) uint64 {
	if limit >= unlimited {
		return 0
	}
	return limit
}

// memoryPercent is docker/cli's calculateMemPercentUnixNoCache: 0 where there is no limit.
func memoryPercent(usage, limit uint64) float64 {
	if limit == 0 {
		return 0
	}
	return float64(usage) / float64(limit) * 100
}

// perSecond is how fast a counter grew; 0 where it began again or no time passed.
func perSecond(prev, cur uint64, passed time.Duration) float64 {
	if cur <= prev || passed <= 0 {
		return 0
	}
	return float64(cur-prev) / passed.Seconds()
}

// add sums counters and stays at the largest number where the sum would not fit: an engine may say
// anything.
func add(a, b uint64) uint64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxUint64
}

func between(x, low, high float64) float64 {
	if math.IsNaN(x) || x < low {
		return low
	}
	return min(x, high)
}

// apply fills in what one sample shows by itself.
func (u *Usage) apply(s Sample) {
	u.Running = true
	u.CPUTotal = s.CPUTotal
	u.MemoryUsage = s.Memory
	u.MemoryLimit = memoryLimit(s.MemoryMax)
	u.MemoryPercent = memoryPercent(u.MemoryUsage, u.MemoryLimit)
	u.NetworkRx, u.NetworkTx = s.NetRx, s.NetTx
	u.BlockRead, u.BlockWrite = s.BlockRead, s.BlockWrite
	u.Pids = s.Pids
}

// applyPair fills in what takes two samples: CPU and the rates.
func (u *Usage) applyPair(prev, cur Sample) {
	passed := cur.Read.Sub(prev.Read)
	u.CPUPercent = cpuPercent(prev, cur)
	u.HostCPUPercent = hostPercent(u.CPUPercent, cur.OnlineCPUs)
	u.NetworkRxRate = perSecond(prev.NetRx, cur.NetRx, passed)
	u.NetworkTxRate = perSecond(prev.NetTx, cur.NetTx, passed)
	u.BlockReadRate = perSecond(prev.BlockRead, cur.BlockRead, passed)
	u.BlockWriteRate = perSecond(prev.BlockWrite, cur.BlockWrite, passed)
}
