package dockerx

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/recreate"
	"wharf/util/apperr"
)

// shape is a kind of container to recreate.
type shape struct {
	name   string
	config container.Config
	host   container.HostConfig
	net    func(t *testing.T, e dockertest.Engine, s *shape) map[string]*network.EndpointSettings
	after  func(t *testing.T, e dockertest.Engine, id string) // changes it after its creation
	// created: it isn't started, since this machine may not have what it needs.
	created bool
}

func second(v bool) *bool { return &v }

var shapes = []shape{
	{name: "nothing"},
	{name: "env", config: container.Config{Env: []string{"A=1", "B=", "PATH=/x"}}},
	{name: "command", config: container.Config{Cmd: []string{"sleep", "1h"}}},
	{name: "entrypoint", config: container.Config{Entrypoint: []string{"/app", "log"}, Cmd: []string{"one"}}},
	{name: "user, directory", config: container.Config{User: "1000:1000", WorkingDir: "/tmp"}},
	{name: "hostname", config: container.Config{Hostname: "web", Domainname: "example.org"}},
	{name: "labels", config: container.Config{Labels: map[string]string{"a": "b", "empty": "", "com.docker.compose.project": "shop"}}},
	{name: "terminal", config: container.Config{Tty: true, OpenStdin: true, StdinOnce: true}},
	{name: "stop signal and timeout", config: container.Config{StopSignal: "SIGINT", StopTimeout: some(3)}},
	{name: "health check", config: container.Config{Healthcheck: &container.HealthConfig{Test: []string{"CMD", "/app", "exit", "0"}, Interval: 5e9, Retries: 2, StartPeriod: 1e9}}},
	{name: "no health check", config: container.Config{Healthcheck: &container.HealthConfig{Test: []string{"NONE"}}}},
	{name: "anonymous volume", config: container.Config{Volumes: map[string]struct{}{"/data": {}}}},
	{name: "anonymous volume as a mount", host: container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeVolume, Target: "/data"}}}},
	{name: "named volume", host: container.HostConfig{Binds: []string{"wharf-recreate:/data:ro"}}},
	{name: "bind", host: container.HostConfig{Binds: []string{"/tmp:/host:ro", "/etc:/etc2:ro"}}},
	{name: "bind as a mount", host: container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeBind, Source: "/tmp", Target: "/host", ReadOnly: true}}}},
	{name: "tmpfs", host: container.HostConfig{Tmpfs: map[string]string{"/run": "size=65536k"}}},
	{name: "tmpfs as a mount", host: container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeTmpfs, Target: "/run", TmpfsOptions: &mount.TmpfsOptions{SizeBytes: 1 << 20}}}}},
	{name: "exposed ports", config: container.Config{ExposedPorts: nat.PortSet{"80/tcp": {}, "53/udp": {}}}},
	{name: "published ports", config: container.Config{ExposedPorts: nat.PortSet{"80/tcp": {}}}, host: container.HostConfig{
		PortBindings: nat.PortMap{"80/tcp": {{HostIP: "127.0.0.1", HostPort: "47080"}}, "81/udp": {{HostIP: "127.0.0.1", HostPort: "47081"}}},
	}},
	{name: "limits", host: container.HostConfig{Resources: container.Resources{
		Memory: 64 << 20, MemorySwap: 128 << 20, MemoryReservation: 32 << 20, NanoCPUs: 5e8, CPUShares: 512, PidsLimit: some[int64](100), CpusetCpus: "0",
	}}},
	{name: "ulimits", host: container.HostConfig{Resources: container.Resources{Ulimits: []*container.Ulimit{{Name: "nofile", Soft: 1000, Hard: 2000}}}}},
	{name: "restart policy", host: container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "on-failure", MaximumRetryCount: 4}}},
	{name: "log driver", host: container.HostConfig{LogConfig: container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m", "max-file": "2"}}}},
	{name: "capabilities", host: container.HostConfig{CapAdd: []string{"NET_ADMIN"}, CapDrop: []string{"MKNOD"}}},
	{name: "privileged", host: container.HostConfig{Privileged: true}, created: true},
	{name: "security", host: container.HostConfig{SecurityOpt: []string{"no-new-privileges"}, ReadonlyRootfs: true}},
	{name: "devices", host: container.HostConfig{Resources: container.Resources{Devices: []container.DeviceMapping{{PathOnHost: "/dev/null", PathInContainer: "/dev/nought", CgroupPermissions: "rwm"}}}}},
	{name: "names", host: container.HostConfig{DNS: []string{"10.0.0.1"}, DNSSearch: []string{"example.org"}, DNSOptions: []string{"ndots:2"}, ExtraHosts: []string{"db:10.0.0.2"}}},
	{name: "groups, init, shm", host: container.HostConfig{GroupAdd: []string{"20"}, Init: second(true), ShmSize: 32 << 20, OomScoreAdj: 100}},
	{name: "sysctls", host: container.HostConfig{Sysctls: map[string]string{"net.ipv4.ip_unprivileged_port_start": "0"}}},
	{name: "the host's network", host: container.HostConfig{NetworkMode: "host"}},
	{name: "no network", host: container.HostConfig{NetworkMode: "none"}},
	{name: "networking disabled", config: container.Config{NetworkDisabled: true}},
	{name: "the host's namespaces", host: container.HostConfig{PidMode: "host", IpcMode: "host", UTSMode: "host"}},
	{name: "another's network", host: container.HostConfig{}, net: anothersNetwork},
	{name: "MAC address", config: container.Config{MacAddress: "02:42:de:ad:be:ef"}}, //nolint:staticcheck // of API 1.43 and before
	{name: "fixed address and aliases", net: fixedAddress},
	{name: "aliases", net: aliases},
	{name: "three networks", net: aliases, after: inTwoMore},
	{name: "links", net: links},
	{name: "out of the bridge", after: outOfTheBridge},
	{name: "changed limits", after: changedLimits},
}

func anothersNetwork(t *testing.T, e dockertest.Engine, s *shape) map[string]*network.EndpointSettings {
	s.host.NetworkMode = container.NetworkMode("container:" + e.Run(t, dockertest.Spec{Networks: []string{"default"}}))
	return nil
}

func fixedAddress(t *testing.T, e dockertest.Engine, s *shape) map[string]*network.EndpointSettings {
	ctx := t.Context()
	name := "wharf-fixed-" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
	made, err := e.Client().NetworkCreate(ctx, name, network.CreateOptions{Driver: "bridge", IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.210.7.0/24"}}}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Client().NetworkRemove(context.WithoutCancel(ctx), made.ID) })
	s.host.NetworkMode = container.NetworkMode(name)
	return map[string]*network.EndpointSettings{name: {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.210.7.77"}, Aliases: []string{"db", "cache"}}}
}

func aliases(t *testing.T, e dockertest.Engine, s *shape) map[string]*network.EndpointSettings {
	name := e.Network(t, "aliases")
	s.host.NetworkMode = container.NetworkMode(name)
	return map[string]*network.EndpointSettings{name: {Aliases: []string{"shop"}}}
}

func inTwoMore(t *testing.T, e dockertest.Engine, id string) {
	for _, alias := range []string{"one", "two"} {
		require.NoError(t, e.Client().NetworkConnect(t.Context(), e.Network(t, alias), id, &network.EndpointSettings{Aliases: []string{alias}}))
	}
}

func links(t *testing.T, e dockertest.Engine, s *shape) map[string]*network.EndpointSettings {
	other := e.Run(t, dockertest.Spec{Networks: []string{"default"}})
	s.host.Links = []string{strings.TrimPrefix(e.Inspect(t, other).Name, "/") + ":db"}
	return nil
}

func outOfTheBridge(t *testing.T, e dockertest.Engine, id string) {
	require.NoError(t, e.Client().NetworkDisconnect(t.Context(), "bridge", id, false))
}

func changedLimits(t *testing.T, e dockertest.Engine, id string) {
	_, err := e.Client().ContainerUpdate(t.Context(), id, container.UpdateConfig{
		Resources: container.Resources{Memory: 64 << 20, MemorySwap: -1}, RestartPolicy: container.RestartPolicy{Name: "always"},
	})
	require.NoError(t, err)
}

// make creates a container of the shape, and starts it.
func (s shape) make(t *testing.T, e dockertest.Engine) (id string) {
	t.Helper()
	if s.config.Image == "" {
		s.config.Image = dockertest.Image
	}
	nets := &network.NetworkingConfig{}
	if s.net != nil {
		nets.EndpointsConfig = s.net(t, e, &s)
	}
	made, err := e.Client().ContainerCreate(t.Context(), &s.config, &s.host, nets, nil, "")
	require.NoError(t, err)
	t.Cleanup(func() { e.Remove(t, made.ID) })
	if s.after != nil {
		s.after(t, e, made.ID)
	}
	if !s.created {
		e.Start(t, made.ID)
	}
	return made.ID
}

// succeed creates a container's successor from an image, and returns its id.
func succeed(t *testing.T, e dockertest.Engine, h *Host, id, image string) string {
	t.Helper()
	d, err := h.Resolve(t.Context(), ref(t, id))
	require.NoError(t, err)
	b, err := h.Blueprint(t.Context(), d)
	require.NoError(t, err)
	s, err := h.Successor(t.Context(), b, image)
	require.NoError(t, err)
	next, err := h.Create(t.Context(), s, "next-of-"+id[:12])
	if next != "" {
		t.Cleanup(func() { e.Remove(t, next) })
	}
	require.NoError(t, err, "%s", s.spec.Body)
	return next
}

// A recreated container equals the old one in everything that an inspect shows, except for what differs between any two
// containers.
func TestContainerCreatedAnewIsLikeTheOld(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	h := hostOf(t, engineConfig(e))
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			id := s.make(t, e)
			was := likeness(t, e, id)
			next := succeed(t, e, h, id, dockertest.Image)
			if !s.created {
				e.Stop(t, id)
				e.Start(t, next)
			}
			require.Equal(t, was, likeness(t, e, next))
		})
	}
}

// likeness returns what an inspect shows of a container, without what differs between any two containers.
func likeness(t *testing.T, e dockertest.Engine, id string) map[string]any {
	t.Helper()
	_, raw, err := e.Client().ContainerInspectWithRaw(t.Context(), id, false)
	require.NoError(t, err)
	text := strings.ReplaceAll(string(raw), id, "ID")
	text = strings.ReplaceAll(text, id[:12], "SHORT")
	text = strings.ReplaceAll(text, e.Inspect(t, id).Name+"/", "/NAME/")
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	seen := map[string]any{"Image": all["Image"]}
	config, _ := all["Config"].(map[string]any)
	host, _ := all["HostConfig"].(map[string]any)
	mounts, _ := all["Mounts"].([]any)
	for _, m := range mounts {
		m, _ := m.(map[string]any)
		delete(m, "Mode")
	}
	slices.SortFunc(mounts, func(a, b any) int {
		return strings.Compare(a.(map[string]any)["Destination"].(string), b.(map[string]any)["Destination"].(string))
	})
	seen["Config"], seen["HostConfig"], seen["Mounts"] = config, host, mounts
	// The new container has an anonymous volume by its name: Mounts shows that it is the same volume.
	delete(host, "Binds")
	if list, ok := host["Mounts"].([]any); ok {
		for _, m := range list {
			delete(m.(map[string]any), "Source")
		}
	}
	_, api := e.Version(t)
	macsKept := recreate.EndpointMACs(api) // all of them, since such an engine doesn't show which ones the user gave
	if macsKept {
		delete(config, "MacAddress")
	}
	settings, _ := all["NetworkSettings"].(map[string]any)
	networks, _ := settings["Networks"].(map[string]any)
	for _, n := range networks {
		n := n.(map[string]any)
		for _, own := range []string{"EndpointID", "GlobalIPv6Address", "DNSNames"} {
			delete(n, own)
		}
		if ip, err := netip.ParseAddr(n["IPAddress"].(string)); err == nil && n["IPAMConfig"] == nil || ip.IsUnspecified() {
			delete(n, "IPAddress")
			if !macsKept && config["MacAddress"] == nil {
				delete(n, "MacAddress")
			}
		}
	}
	seen["Networks"] = networks
	seen["Ports"] = settings["Ports"]
	return seen
}

func TestContainersThatCannotBeCreatedAnew(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		if e.Podman(t) {
			d, err := h.Resolve(t.Context(), ref(t, e.Run(t, dockertest.Spec{})))
			require.NoError(t, err)
			_, err = h.Blueprint(t.Context(), d)
			requireError(t, err, apperr.Conflict, "Podman doesn't show all that a container was made with, so that none can be made like it")
			return
		}
		paused := e.Run(t, dockertest.Spec{})
		e.Pause(t, paused)
		shared := e.Run(t, dockertest.Spec{})
		sharer := e.Run(t, dockertest.Spec{Networks: []string{"container:" + shared}})
		for id, want := range map[string]string{
			paused: "unpause it first",
			shared: strings.TrimPrefix(e.Inspect(t, sharer).Name, "/"),
			e.Run(t, dockertest.Spec{Labels: map[string]string{"com.docker.swarm.task.id": "x"}}): "Swarm",
			shape{host: container.HostConfig{AutoRemove: true}}.make(t, e):                        "--rm",
		} {
			d, err := h.Resolve(t.Context(), ref(t, id))
			require.NoError(t, err)
			_, err = h.Blueprint(t.Context(), d)
			require.Equal(t, apperr.Conflict, apperr.KindOf(err))
			require.ErrorContains(t, err, want)
		}
	})
}
