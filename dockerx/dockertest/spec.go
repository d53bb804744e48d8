package dockertest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"github.com/stretchr/testify/require"
)

// Spec describes a container, in the notation of `docker run`. The container of the zero value sleeps until it gets a signal.
type Spec struct {
	Image       string // empty: Image
	Name        string // empty: a random name
	Cmd         []string
	Env         []string
	Labels      map[string]string
	Ports       []string // "80", "127.0.0.1::80", "8080:80/udp"
	Expose      []string // "80/tcp": exposed, not published
	Mounts      []string // "/host:/container:ro", "volume:/container"
	Networks    []string // names that Network returned, or "default", "none", "host"; empty: none, where nothing else here needs one
	Links       []string // "other:alias", on the default bridge
	Memory      int64    // limit in bytes
	CPUs        float64  // limit in cores
	Restart     string   // "always", "on-failure:3", "unless-stopped"
	WorkingDir  string
	User        string
	Groups      []string // additional groups of the process, by number
	StopSignal  string
	TTY         bool
	LogDriver   string // empty: the engine's default
	LogOptions  map[string]string
	Healthcheck []string      // a command, run every HealthEvery
	HealthEvery time.Duration // zero: 1 s
	Created     bool          // create the container without starting it
}

func (s Spec) config(t testing.TB) (*container.Config, *container.HostConfig) {
	t.Helper()
	exposed, bindings, err := nat.ParsePortSpecs(s.Ports)
	require.NoError(t, err)
	for _, p := range s.Expose {
		exposed[nat.Port(p)] = struct{}{}
	}
	config := &container.Config{
		Image: s.Image, Cmd: s.Cmd, Env: s.Env, Labels: s.Labels, ExposedPorts: exposed, WorkingDir: s.WorkingDir,
		User: s.User, StopSignal: s.StopSignal, Tty: s.TTY, Healthcheck: s.health(),
	}
	if config.Image == "" {
		config.Image = Image
	}
	host := &container.HostConfig{
		Binds: s.Mounts, PortBindings: bindings, Links: s.Links, GroupAdd: s.Groups, RestartPolicy: s.restart(t),
		Resources: container.Resources{Memory: s.Memory, NanoCPUs: int64(s.CPUs * 1e9)},
	}
	host.LogConfig = container.LogConfig{Type: s.LogDriver, Config: s.LogOptions}
	if len(s.Networks) > 0 {
		host.NetworkMode = container.NetworkMode(s.Networks[0])
	}
	// Without a network, an engine starts a container with a third of the work.
	config.NetworkDisabled = len(s.Networks)+len(s.Ports)+len(s.Expose)+len(s.Links) == 0
	return config, host
}

func (s Spec) health() *container.HealthConfig {
	if len(s.Healthcheck) == 0 {
		return nil
	}
	every := s.HealthEvery
	if every == 0 {
		every = time.Second
	}
	return &container.HealthConfig{Test: append([]string{"CMD"}, s.Healthcheck...), Interval: every, Timeout: 10 * time.Second, Retries: 1}
}

func (s Spec) restart(t testing.TB) container.RestartPolicy {
	t.Helper()
	name, count, counted := strings.Cut(s.Restart, ":")
	policy := container.RestartPolicy{Name: container.RestartPolicyMode(name)}
	if counted {
		n, err := strconv.Atoi(count)
		require.NoError(t, err)
		policy.MaximumRetryCount = n
	}
	return policy
}

// Network creates a bridge network with a unique name that begins with name, and returns its name. It is removed when the test
// ends.
func (e Engine) Network(t testing.TB, name string) string {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	name = unique(name)
	created, err := e.client.NetworkCreate(ctx, name, network.CreateOptions{Driver: "bridge"})
	require.NoError(t, err, "create network %s on %s", name, e.Name)
	t.Cleanup(func() {
		ctx, cancel := deadline()
		defer cancel()
		_ = e.client.NetworkRemove(ctx, created.ID)
	})
	return name
}
