package stats

import (
	"math"
	"time"
)

// maxCPUs is the upper bound if the number of CPUs is unknown: Linux's NR_CPUS is at most 8192.
const maxCPUs = 8192

// plausible is the relative difference between the host's CPU time and wall clock × CPUs beyond which the host's CPU time is
// ignored. Docker reads it from /proc/stat, whose ticks of 10 ms are 5 % of one core's time between two samples (200 ms).
const plausible = 0.25

// cpuPercent returns the CPU used between two samples, 100 = one core busy. The result is never NaN or negative, and at most
// 100 for each core. The formula is that of docker/cli's calculateCPUPercentUnix (cli/command/container/stats_helpers.go):
// container's time ÷ host's time × CPUs × 100.
//
// If the host's time is missing, doesn't increase or isn't plausible, wall clock × CPUs is used instead: Podman reports its
// cgroup's busy time as system_cpu_usage (containers/podman#15754), and the kernel's files don't have the host's time.
func cpuPercent(prev, cur Sample) float64 {
	if cur.CPUTotal <= prev.CPUTotal {
		return 0 // nothing used, or the counter was reset
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

// hostTime returns the time in nanoseconds of all the host's CPUs together between two samples; false if it is missing or not
// plausible.
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

// hostPercent converts a CPU percentage to 100 = all cores busy; 0 if the number of CPUs is unknown.
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

// lessCache returns the memory in use without the page cache that the kernel would free first, as docker/cli's
// calculateMemUsageUnixNoCache does: total_inactive_file in cgroup v1, inactive_file in v2. Podman reports neither.
func lessCache(usage uint64, v1Inactive uint64, isV1 bool, v2Inactive uint64) uint64 {
	if isV1 && v1Inactive < usage {
		return usage - v1Inactive
	}
	if v2Inactive < usage {
		return usage - v2Inactive
	}
	return usage
}

// unlimited is the memory limit, in bytes, from which on there is none: cgroup v1 has the largest multiple of the page size
// below 2⁶³ for "no limit", Podman and readers of cgroup v2 have 2⁶⁴−1. No machine has 2⁶⁰ bytes.
const unlimited = 1 << 60

// memoryLimit returns the limit, or 0 if it means "no limit".
func memoryLimit(limit uint64) uint64 {
	if limit >= unlimited {
		return 0
	}
	return limit
}

// memoryPercent is docker/cli's calculateMemPercentUnixNoCache: 0 without a limit.
func memoryPercent(usage, limit uint64) float64 {
	if limit == 0 {
		return 0
	}
	return float64(usage) / float64(limit) * 100
}

// perSecond returns the rate of a counter; 0 if the counter was reset or no time passed.
func perSecond(prev, cur uint64, passed time.Duration) float64 {
	if cur <= prev || passed <= 0 {
		return 0
	}
	return float64(cur-prev) / passed.Seconds()
}

// add returns the sum, or the largest number if it would overflow: an engine may send any numbers.
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

// apply sets the fields that depend on one sample.
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

// applyPair sets the fields that depend on two samples: CPU percentages and rates.
func (u *Usage) applyPair(prev, cur Sample) {
	passed := cur.Read.Sub(prev.Read)
	u.CPUPercent = cpuPercent(prev, cur)
	u.HostCPUPercent = hostPercent(u.CPUPercent, cur.OnlineCPUs)
	u.NetworkRxRate = perSecond(prev.NetRx, cur.NetRx, passed)
	u.NetworkTxRate = perSecond(prev.NetTx, cur.NetTx, passed)
	u.BlockReadRate = perSecond(prev.BlockRead, cur.BlockRead, passed)
	u.BlockWriteRate = perSecond(prev.BlockWrite, cur.BlockWrite, passed)
}
