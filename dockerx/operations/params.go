package operations

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/containers"
	"wharf/dockerx/images"
	"wharf/util/apperr"
)

// Params are the parameters of an operation. Each row of the table has its type of Params.
type Params interface {
	// check returns an error for invalid values. Its errors are apperr.Invalid and name the parameter as the API does.
	check() error
}

// None are the parameters of an operation without parameters.
type None struct{}

func (None) check() error { return nil }

// Stop are the parameters of stop and restart.
type Stop struct {
	Timeout *int   // seconds before the container is killed; nil: the container's own, negative: never
	Signal  string // such as "TERM", "SIGHUP" or "9"; "": Docker's default
}

func (p Stop) check() error { return checkSignal(p.Signal) }

// Kill are the parameters of kill.
type Kill struct {
	Signal string // such as "TERM", "SIGHUP" or "9"; "": KILL
}

func (p Kill) check() error { return checkSignal(p.Signal) }

// Rename are the parameters of rename.
type Rename struct {
	Name string // without '/'
}

// namePattern is Docker's pattern for new names, which have at least two characters.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$`)

// check also rejects a name that looks like an id: engines prefer names, so that a container with that id could no longer be
// reached by it.
func (p Rename) check() error {
	switch {
	case !namePattern.MatchString(p.Name):
		return apperr.New(apperr.Invalid, "name: expected 2 to 255 letters, digits, '_', '.' or '-', beginning with a letter or digit")
	case containers.LooksLikeID(p.Name):
		return apperr.New(apperr.Invalid, "name: looks like the id of a container")
	}
	return nil
}

var signalPattern = regexp.MustCompile(`^(SIG)?([A-Z][A-Z0-9]{1,9}([+-][0-9]{1,2})?|[1-9][0-9]?)$`)

func checkSignal(signal string) error {
	if signal != "" && !signalPattern.MatchString(signal) {
		return apperr.New(apperr.Invalid, "signal: expected a name such as TERM or SIGHUP, or a number")
	}
	return nil
}

// Remove are the parameters of remove.
type Remove struct {
	Force   bool // kill the container if it is running
	Volumes bool // remove its anonymous volumes, too
}

func (Remove) check() error { return nil }

// Update are the parameters of update. Nil or empty ones leave the setting unchanged.
type Update struct {
	Memory     *int64   // bytes
	MemorySwap *int64   // bytes of memory and swap together; -1: swap is unlimited
	CPUs       *float64 // 0.5 is half a CPU
	Pids       *int64   // -1: unlimited
	// RestartPolicy is no, always, unless-stopped, on-failure or on-failure:5.
	RestartPolicy string
}

const (
	minMemory = 6 << 20 // Docker's minimum
	minCPUs   = 0.001   // for which an engine sets its smallest quota
	maxCPUs   = 10_000
	maxPids   = 1 << 22 // the kernel's maximum
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

// Recreate are the parameters of recreate.
type Recreate struct {
	Image string // "": the image name that the container was created with
	Pull  bool   // pull the image first
}

func (p Recreate) check() error {
	if p.Image == "" {
		return nil
	}
	return images.CheckName(p.Image)
}

// config returns the parameters for the engine, in which zero means unchanged.
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
