package bulk

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
	"wharf/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// composed returns a container of a Compose project's service.
func composed(host, name, dependsOn string) service.HostedContainer {
	return service.HostedContainer{Host: host, Container: containers.Container{ID: name, Name: name, Labels: map[string]string{
		"com.docker.compose.project": "shop", "com.docker.compose.service": name, "com.docker.compose.depends_on": dependsOn,
	}}}
}

// begun starts all containers that may start now, and returns their names.
func begun(s *schedule) (names []string) {
	for {
		position, ok := s.next()
		if !ok {
			return names
		}
		names = append(names, s.targets[position].Name)
	}
}

func (s *schedule) endNamed(name string) {
	for i := range s.targets {
		if s.targets[i].Name == name {
			s.end(i)
		}
	}
}

func TestContainersBeginAfterWhatTheyDependOn(t *testing.T) {
	t.Parallel()
	targets := []service.HostedContainer{
		composed("a", "web", "api:service_healthy:true,cache:service_started:false"), composed("a", "api", "db:service_healthy:true"),
		composed("a", "db", ""), composed("a", "cache", ""),
	}
	r := &Request{Operation: operations.Operation{Name: "restart"}, Parallel: 10}
	s := newSchedule(r, targets)
	require.Equal(t, []string{"db", "cache"}, begun(s))
	s.endNamed("cache")
	require.Empty(t, begun(s))
	s.endNamed("db")
	require.Equal(t, []string{"api"}, begun(s))
	s.endNamed("api")
	require.Equal(t, []string{"web"}, begun(s))

	r.Operation.Name = "stop"
	s = newSchedule(r, targets)
	require.Equal(t, []string{"web"}, begun(s), "what is depended on stops last")
	s.endNamed("web")
	require.Equal(t, []string{"api", "cache"}, begun(s))
}

func TestDependenciesOfAnotherHostOrInACircleHoldNothingUp(t *testing.T) {
	t.Parallel()
	r := &Request{Operation: operations.Operation{Name: "restart"}, Parallel: 10}
	require.Equal(t, []string{"web", "db"}, begun(newSchedule(r, []service.HostedContainer{composed("a", "web", "db:x:y"), composed("b", "db", "")})))
	require.Equal(t, []string{"self"}, begun(newSchedule(r, []service.HostedContainer{composed("a", "self", "self")})))
	s := newSchedule(r, []service.HostedContainer{composed("a", "hen", "egg"), composed("a", "egg", "hen")})
	require.Equal(t, []string{"hen"}, begun(s))
	s.endNamed("hen")
	require.Equal(t, []string{"egg"}, begun(s))
}

func TestSoManyAtATimeAndOnAHost(t *testing.T) {
	t.Parallel()
	plain := func(host, name string) service.HostedContainer {
		return service.HostedContainer{Host: host, Container: containers.Container{Name: name}}
	}
	targets := []service.HostedContainer{plain("a", "a1"), plain("a", "a2"), plain("a", "a3"), plain("b", "b1"), plain("c", "c1")}
	s := newSchedule(&Request{Parallel: 2, PerHost: 1}, targets)
	require.Equal(t, []string{"a1", "b1"}, begun(s))
	s.endNamed("b1")
	require.Equal(t, []string{"c1"}, begun(s))
	s.endNamed("a1")
	require.Equal(t, []string{"a2"}, begun(s))
	require.Len(t, begun(newSchedule(&Request{}, targets)), 1)
	require.Len(t, begun(newSchedule(&Request{Parallel: 3}, targets)), 3)
}
