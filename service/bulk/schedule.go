package bulk

import (
	"slices"
	"strings"

	"wharf/service"
)

// schedule decides which container of an operation comes next. It is for one goroutine.
type schedule struct {
	targets           []service.HostedContainer
	after             [][]int // by position: the containers that must have ended before
	parallel, perHost int

	waiting []int // positions, in order
	running map[int]bool
	onHost  map[string]int
	ended   map[int]bool
}

func newSchedule(r *Request, targets []service.HostedContainer) *schedule {
	s := &schedule{
		targets: targets, after: dependencies(targets, dependentsFirst[r.Operation.Name]), parallel: max(r.Parallel, 1), perHost: r.PerHost,
		running: map[int]bool{}, onHost: map[string]int{}, ended: map[int]bool{},
	}
	if s.perHost == 0 {
		s.perHost = s.parallel
	}
	for i := range targets {
		s.waiting = append(s.waiting, i)
	}
	return s
}

// next removes and returns the first waiting container that may start. If none may start and none is running, the dependencies
// are circular: then it returns the first waiting one.
func (s *schedule) next() (position int, ok bool) {
	if len(s.running) >= s.parallel || len(s.waiting) == 0 {
		return 0, false
	}
	at := slices.IndexFunc(s.waiting, s.ready)
	if at < 0 && len(s.running) > 0 {
		return 0, false
	}
	position = s.waiting[max(at, 0)]
	s.waiting = slices.Delete(s.waiting, max(at, 0), max(at, 0)+1)
	s.running[position] = true
	s.onHost[s.targets[position].Host]++
	return position, true
}

func (s *schedule) ready(position int) bool {
	return s.onHost[s.targets[position].Host] < s.perHost &&
		!slices.ContainsFunc(s.after[position], func(before int) bool { return !s.ended[before] })
}

func (s *schedule) end(position int) {
	delete(s.running, position)
	s.onHost[s.targets[position].Host]--
	s.ended[position] = true
}

// dependentsFirst are the operations that make a container unavailable: containers that depend on it come before it.
var dependentsFirst = map[string]bool{"stop": true, "kill": true, "pause": true, "remove": true}

// dependencies returns for each container the containers of the same project and host that must have ended before it. They
// come from Compose's labels, such as "db:service_healthy:true,cache:service_started:false".
func dependencies(targets []service.HostedContainer, reversed bool) [][]int {
	type key struct{ host, project, service string }
	of := func(c *service.HostedContainer, name string) key {
		return key{c.Host, c.Labels["com.docker.compose.project"], name}
	}
	byService := map[key][]int{}
	for i := range targets {
		if name := targets[i].Labels["com.docker.compose.service"]; name != "" {
			k := of(&targets[i], name)
			byService[k] = append(byService[k], i)
		}
	}
	after := make([][]int, len(targets))
	for i := range targets {
		for one := range strings.SplitSeq(targets[i].Labels["com.docker.compose.depends_on"], ",") {
			name, _, _ := strings.Cut(one, ":")
			for _, before := range byService[of(&targets[i], name)] {
				switch {
				case before == i:
				case reversed:
					after[before] = append(after[before], i)
				default:
					after[i] = append(after[i], before)
				}
			}
		}
	}
	return after
}
