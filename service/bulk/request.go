package bulk

import (
	"regexp"
	"time"

	"github.com/google/uuid"

	"wharf/dockerx/operations"
	"wharf/service"
	"wharf/util/apperr"
)

const (
	maxTargets  = 1000
	maxParallel = 100
)

// Request is an operation on many containers.
type Request struct {
	Operation operations.Operation
	Select    service.ContainerFilter // must not be empty
	// Parallel is how many containers are operated on at a time, PerHost how many of one host. Default 1 and no bound per
	// host.
	Parallel, PerHost int
	// StopAfter is the number of failures after which no more containers are started; 0 means no limit.
	StopAfter int
	// DryRun returns the containers that would be operated on, and does nothing.
	DryRun bool
}

// Operation is an operation on many containers, with the parts that an actor may see.
type Operation struct {
	ID        uuid.UUID // zero for a dry run
	Operation string
	State     string
	User      string    // empty for actors that may not see it
	At        time.Time // UTC
	Finished  time.Time // UTC; zero while it runs
	Targets   []Target
	Hosts     []service.HostResult // set only by Start
}

// Target is one container of an operation.
type Target struct {
	Host, ID, Name    string
	State             string // waiting, running, ok, failed, skipped or interrupted
	Detail            string // the reason, unless the state is ok
	Changed           bool
	After             string // the container's state after the operation
	Started, Finished time.Time
	Order             int // the place in the order in which containers ended, from 1; 0 before the end
}

var idPattern = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

func (r *Request) check() error {
	s := &r.Select
	selected := len(s.Hosts) + len(s.States) + len(s.Names) + len(s.Images) + len(s.Labels) + len(s.Projects) + len(s.IDs)
	switch {
	case selected == 0:
		return apperr.New(apperr.Invalid, "select: say which containers; {\"host\": [\"web-1\"]} is all of a host")
	case r.Parallel < 0 || r.Parallel > maxParallel:
		return apperr.New(apperr.Invalid, "parallel: expected 1 to %d", maxParallel)
	case r.PerHost < 0 || r.PerHost > maxParallel:
		return apperr.New(apperr.Invalid, "per_host: expected 1 to %d", maxParallel)
	case r.StopAfter < 0:
		return apperr.New(apperr.Invalid, "stop_after_failures: expected 0 or more")
	}
	for _, values := range [][]string{s.Hosts, s.States, s.Names, s.Images, s.Labels, s.Projects, s.IDs} {
		for _, v := range values {
			if v == "" {
				return apperr.New(apperr.Invalid, "select: an empty text would select everything")
			}
		}
	}
	for _, id := range s.IDs {
		if !idPattern.MatchString(id) {
			return apperr.New(apperr.Invalid, "select.ids: expected 12 to 64 hexadecimal digits, got %.80q", id)
		}
	}
	return r.Operation.Check()
}
