// Package stats computes what containers use.
//
// Job. A Sampler samples the containers of one host, but only while callers ask for usage. Samples come from a Source: the
// engine, or the kernel's files if the engine runs on this machine. The formulas turn two samples into a Usage.
//
// Owner. dockerx.Host makes one Sampler, reports the host's events to it (OnChange) and closes it.
//
// Limits. All and One return within 3 s. No sample older than 15 s is shown as current. Rounds of sampling are 1 to 15 s apart,
// as long as the engine's budget requires (Options.Budget); with very many containers, 15 s may exceed the budget. Points of
// the past are kept for Options.History, at most one a second for each container.
package stats

import (
	"time"

	"wharf/util/memo"
)

// Sample is one reading of a container's counters, from the engine or from the kernel.
type Sample struct {
	Read       time.Time // when it was read, by the clock of the engine or, for the kernel's files, of wharf
	CPUTotal   uint64    // nanoseconds of CPU used since the container's start
	SystemCPU  uint64    // nanoseconds of CPU time of the whole host; 0 if unknown
	OnlineCPUs uint32    // 0 if unknown
	Memory     uint64    // bytes, without page cache
	MemoryMax  uint64    // limit in bytes; 0 if unknown
	NetRx      uint64    // bytes, all interfaces
	NetTx      uint64
	BlockRead  uint64 // bytes
	BlockWrite uint64
	Pids       uint64
}

// Usage is the usage of one container; zero for a container that isn't running.
type Usage struct {
	ID             string // 64 hex digits
	Name           string
	Labels         map[string]string
	Running        bool
	CPUPercent     float64 // 100 = one core busy
	HostCPUPercent float64 // 100 = every core busy
	CPUTotal       uint64  // nanoseconds of CPU used since the container's start
	MemoryUsage    uint64  // bytes, without page cache
	MemoryLimit    uint64  // bytes; 0 if there is none
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
	SampledAt      time.Time // zero without a sample
	Partial        bool      // the container is running, but numbers are missing: it has no two recent samples (yet)
}

// Snapshot is the usage of all containers of a host, running or not, at one time. It is immutable and shared: all callers get
// the same one until there is a newer one.
type Snapshot struct {
	memo.Memo // encodings of the snapshot

	SampledAt time.Time // of the newest sample; zero if there is none
	Partial   bool      // a Usage is Partial
	Usages    []Usage   // in the order of the host's list

	stale time.Time // when a sample becomes too old to be shown
}
