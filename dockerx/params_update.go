package dockerx

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"

	"wharf/util/apperr"
)

// Remove are the parameters of remove.
type Remove struct {
	Force   bool // also one that runs: it is killed
	Volumes bool // its anonymous volumes too
}

func (Remove) check() error { return nil }

// Update are the parameters of update; what isn't given stays as it is.
type Update struct {
	Memory     *int64   // bytes
	MemorySwap *int64   // bytes of memory and swap together; -1: no limit of swap
	CPUs       *float64 // 0.5 is half of one
	Pids       *int64   // -1: no limit
	// RestartPolicy is no, always, unless-stopped, on-failure or on-failure:5; "" for the present one.
	RestartPolicy string
}

const (
	minMemory = 6 << 20 // Docker's
	minCPUs   = 0.001   // of which an engine makes its smallest quota
	maxCPUs   = 10_000
	maxPids   = 1 << 22 // the kernel's
	maxLimit  = 1 << 60 // bytes
)

var restartPolicy = regexp.MustCompile(`^(no|always|unless-stopped|on-failure(:[0-9]{1,6})?)$`)

func (p Update) check() error {
	switch {
	case p == Update{}:
		return apperr.New(apperr.Invalid, "expected at least one of memory, memory_swap, cpus, pids, restart_policy")
	case p.Memory != nil && (*p.Memory < minMemory || *p.Memory > maxLimit):
		return apperr.New(apperr.Invalid, "memory: expected bytes, %d (6 MiB) or more", minMemory)
	case p.MemorySwap != nil && *p.MemorySwap != -1 && (*p.MemorySwap < minMemory || *p.MemorySwap > maxLimit):
		return apperr.New(apperr.Invalid, "memory_swap: expected bytes of memory and swap together, %d (6 MiB) or more, or -1 for no limit", minMemory)
	case p.Memory != nil && p.MemorySwap != nil && *p.MemorySwap != -1 && *p.MemorySwap < *p.Memory:
		return apperr.New(apperr.Invalid, "memory_swap: counts memory and swap together, so that it can't be less than memory")
	case p.CPUs != nil && !(*p.CPUs >= minCPUs && *p.CPUs <= maxCPUs):
		return apperr.New(apperr.Invalid, "cpus: expected a number such as 0.5, %g to %d", minCPUs, maxCPUs)
	case p.Pids != nil && *p.Pids != -1 && (*p.Pids < 1 || *p.Pids > maxPids):
		return apperr.New(apperr.Invalid, "pids: expected 1 to %d, or -1 for no limit", maxPids)
	case p.RestartPolicy != "" && !restartPolicy.MatchString(p.RestartPolicy):
		return apperr.New(apperr.Invalid, "restart_policy: expected no, always, unless-stopped, on-failure or on-failure:5")
	}
	return nil
}

// config is what the engine gets: a zero stands there for what stays.
func (p Update) config() container.UpdateConfig {
	var c container.UpdateConfig
	if p.Memory != nil {
		c.Memory = *p.Memory
	}
	if p.MemorySwap != nil {
		c.MemorySwap = *p.MemorySwap
	}
	if p.CPUs != nil {
		c.NanoCPUs = int64(math.Round(*p.CPUs * 1e9))
	}
	c.PidsLimit = p.Pids
	name, retries, _ := strings.Cut(p.RestartPolicy, ":")
	c.RestartPolicy.Name = container.RestartPolicyMode(name)
	c.RestartPolicy.MaximumRetryCount, _ = strconv.Atoi(retries)
	return c
}
