// Package stats computes what containers use: pure formulas, the readings they rest on, and a
// sampler that reads only while usage is asked for.
package stats

import (
	"time"

	"wharf/util/memo"
)

// Sample is one reading of a container's counters, from the engine or from the kernel.
type Sample struct {
	Read       time.Time // when it was read, by the clock of the reader
	CPUTotal   uint64    // nanoseconds of CPU used since the container's start
	SystemCPU  uint64    // nanoseconds of CPU used by the whole host; 0 where unknown
	OnlineCPUs uint32    // 0 where unknown
	Memory     uint64    // bytes, less page cache
	MemoryMax  uint64    // bytes; 0 where unknown
	NetRx      uint64    // bytes, all interfaces
	NetTx      uint64
	BlockRead  uint64 // bytes
	BlockWrite uint64
	Pids       uint64
}

// Usage is what one container uses. A container that isn't running has zeros.
type Usage struct {
	ID             string // 64 hex digits
	Name           string
	Labels         map[string]string
	Running        bool
	CPUPercent     float64 // 100 = one core busy
	HostCPUPercent float64 // 100 = every core busy
	CPUTotal       uint64  // nanoseconds of CPU used since the container's start
	MemoryUsage    uint64  // bytes, less page cache
	MemoryLimit    uint64  // bytes
	MemoryPercent  float64
	NetworkRx      uint64  // bytes since the container's start, all interfaces
	NetworkTx      uint64  // bytes
	NetworkRxRate  float64 // bytes a second
	NetworkTxRate  float64
	BlockRead      uint64 // bytes since the container's start
	BlockWrite     uint64
	BlockReadRate  float64 // bytes a second
	BlockWriteRate float64
	Pids           uint64
	SampledAt      time.Time // zero where no sample came
	Partial        bool      // it runs, and has no usable sample (yet)
}

// Snapshot is what all containers of a host use, running or not, at one time. It is immutable,
// and shared: all callers get the same one until there is a newer one.
type Snapshot struct {
	memo.Memo // encodings of it

	SampledAt time.Time // of the newest sample in it; zero where there is none
	Partial   bool      // some running container has no usable sample (yet)
	Usages    []Usage   // in the order of the host's list

	stale time.Time // when a number in it becomes too old to be shown
}
