package service

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/wire"
)

// fill puts a value that masking must detect into every string below v.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("--password=canary")
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString("key")
		fill(value, depth+1)
		v.SetMapIndex(key, value)
	}
}

// canaries returns the JSON paths that still have the value.
func canaries(t *testing.T, shape any) (places []string) {
	t.Helper()
	raw, err := json.Marshal(shape)
	require.NoError(t, err)
	var decoded any
	require.NoError(t, json.Unmarshal(raw, &decoded))
	var walk func(place string, v any)
	walk = func(place string, v any) {
		switch v := v.(type) {
		case string:
			if v == "--password=canary" {
				places = append(places, place)
			}
		case []any:
			for _, inner := range v {
				walk(place+"[]", inner)
			}
		case map[string]any:
			for name, inner := range v {
				walk(fmt.Sprintf("%s.%s", place, name), inner)
			}
		}
	}
	walk("", decoded)
	slices.Sort(places)
	return places
}

// identities are the paths that masking leaves unchanged: names, ids, addresses, modes and paths inside the container, which
// wharf shows to every caller that may see the container. A new field of the shapes must be masked or listed here.
var identities = []string{
	".AppArmorProfile", ".Config.Domainname", ".Config.Hostname", ".Config.Image", ".Config.MacAddress", ".Config.StopSignal", ".Config.User",
	".Config.WorkingDir", ".Created", ".Driver", ".GraphDriver.Name", ".HostConfig.Binds[]", ".HostConfig.BlkioDeviceReadBps[].Path",
	".HostConfig.BlkioDeviceReadIOps[].Path", ".HostConfig.BlkioDeviceWriteBps[].Path", ".HostConfig.BlkioDeviceWriteIOps[].Path",
	".HostConfig.BlkioWeightDevice[].Path", ".HostConfig.CapAdd[]", ".HostConfig.CapDrop[]", ".HostConfig.Cgroup", ".HostConfig.CgroupParent",
	".HostConfig.CgroupnsMode", ".HostConfig.ContainerIDFile", ".HostConfig.CpusetCpus", ".HostConfig.CpusetMems", ".HostConfig.DeviceCgroupRules[]",
	".HostConfig.DeviceRequests[].Capabilities[][]", ".HostConfig.DeviceRequests[].DeviceIDs[]", ".HostConfig.DeviceRequests[].Driver",
	".HostConfig.Devices[].CgroupPermissions", ".HostConfig.Devices[].PathInContainer", ".HostConfig.Devices[].PathOnHost", ".HostConfig.DnsSearch[]",
	".HostConfig.Dns[]", ".HostConfig.GroupAdd[]", ".HostConfig.IpcMode", ".HostConfig.Isolation", ".HostConfig.Links[]", ".HostConfig.LogConfig.Type",
	".HostConfig.MaskedPaths[]", ".HostConfig.Mounts[].BindOptions.Propagation", ".HostConfig.Mounts[].Consistency", ".HostConfig.Mounts[].Source",
	".HostConfig.Mounts[].Target", ".HostConfig.Mounts[].Type", ".HostConfig.Mounts[].VolumeOptions.DriverConfig.Name",
	".HostConfig.Mounts[].VolumeOptions.Subpath", ".HostConfig.NetworkMode", ".HostConfig.PidMode", ".HostConfig.PortBindings.key[].HostIp",
	".HostConfig.PortBindings.key[].HostPort", ".HostConfig.ReadonlyPaths[]", ".HostConfig.RestartPolicy.Name", ".HostConfig.Runtime",
	".HostConfig.UTSMode", ".HostConfig.Ulimits[].Name", ".HostConfig.UsernsMode", ".HostConfig.VolumeDriver", ".HostConfig.VolumesFrom[]", ".Id", ".Image",
	".MountLabel", ".Mounts[].Destination", ".Mounts[].Driver", ".Mounts[].Mode", ".Mounts[].Name", ".Mounts[].Propagation", ".Mounts[].Source",
	".Mounts[].Type", ".Name", ".NetworkSettings.Bridge", ".NetworkSettings.EndpointID", ".NetworkSettings.Gateway",
	".NetworkSettings.GlobalIPv6Address", ".NetworkSettings.IPAddress", ".NetworkSettings.IPv6Gateway", ".NetworkSettings.MacAddress",
	".NetworkSettings.Networks.key.Aliases[]", ".NetworkSettings.Networks.key.DNSNames[]", ".NetworkSettings.Networks.key.EndpointID",
	".NetworkSettings.Networks.key.Gateway", ".NetworkSettings.Networks.key.GlobalIPv6Address", ".NetworkSettings.Networks.key.IPAMConfig.IPv4Address",
	".NetworkSettings.Networks.key.IPAMConfig.IPv6Address", ".NetworkSettings.Networks.key.IPAMConfig.LinkLocalIPs[]",
	".NetworkSettings.Networks.key.IPAddress", ".NetworkSettings.Networks.key.IPv6Gateway", ".NetworkSettings.Networks.key.Links[]",
	".NetworkSettings.Networks.key.MacAddress", ".NetworkSettings.Networks.key.NetworkID", ".NetworkSettings.Ports.key[].HostIp",
	".NetworkSettings.Ports.key[].HostPort", ".NetworkSettings.SandboxID", ".Platform", ".ProcessLabel", ".State.FinishedAt", ".State.Health.Log[].End",
	".State.Health.Log[].Start", ".State.Health.Status", ".State.StartedAt", ".State.Status",
	// in lists of containers
	".HostConfig.NetworkMode", ".ImageID", ".Names[]", ".Ports[].IP", ".Ports[].Type", ".State", ".Status",
}

// hostOf returns a host for an actor, without an engine.
func hostOf(t *testing.T, actor Actor) *Host {
	t.Helper()
	fleet, err := dockerx.NewFleet([]dockerx.HostConfig{{Name: "h", Addr: "unix:///nowhere"}}, dockerx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fleet.Close()) })
	h, err := NewHosts(fleet, nil).Open(t.Context(), actor, "h", View)
	require.NoError(t, err)
	return h
}

func TestEveryFieldOfDockersShapesIsMaskedOrNamed(t *testing.T) {
	t.Parallel()
	for _, role := range []Role{RoleViewer, RoleOperator} {
		h := hostOf(t, Actor{Role: role})
		var c wire.Container
		fill(reflect.ValueOf(&c).Elem(), 0)
		c.ExecIDs = nil
		h.maskContainer(&c)
		var r wire.Row
		fill(reflect.ValueOf(&r).Elem(), 0)
		h.maskRow(&r)
		for _, place := range append(canaries(t, c), canaries(t, r)...) {
			require.Contains(t, identities, place, "%s sees it", role)
		}
	}
	var c wire.Container
	fill(reflect.ValueOf(&c).Elem(), 0)
	before := canaries(t, c)
	hostOf(t, Actor{Role: RoleAdmin}).maskContainer(&c)
	require.Equal(t, before, canaries(t, c), "an admin sees all of it")
}

func TestMaskingHidesPathsAndOtherContainers(t *testing.T) {
	t.Parallel()
	shape := func() *wire.Container {
		c := &wire.Container{LogPath: "/var/lib/docker/x.log", Path: "app", Args: []string{"--token", "canary"}}
		c.Mounts = []wire.Mount{{Type: "bind", Source: "/home/hong"}, {Type: "volume", Name: "data", Source: "/var/lib/docker/volumes/data"}}
		c.HostConfig = wire.HostConfig{
			Binds: []string{"/home/hong:/data", "data:/srv"}, Mounts: []wire.MountSpec{{Type: "bind", Source: "/home/hong"}},
			NetworkMode: "container:0123", Links: []string{"/money:/x"}, VolumesFrom: []string{"money"},
		}
		c.Config.Labels = map[string]string{"team": "web"}
		c.NetworkSettings.Networks = map[string]*wire.Endpoint{"bridge": {Links: []string{"money:x"}}, "none": nil}
		return c
	}
	viewer := shape()
	hostOf(t, Actor{Role: RoleViewer}).maskContainer(viewer)
	require.Equal(t, []string{"--token", Mask}, viewer.Args)
	require.Empty(t, viewer.LogPath)
	require.Empty(t, viewer.Mounts[0].Source)
	require.Empty(t, viewer.HostConfig.Mounts[0].Source)
	require.Equal(t, []string{"data:/srv"}, viewer.HostConfig.Binds)
	require.Equal(t, "container:0123", viewer.HostConfig.NetworkMode, "it sees that container too")
	require.NotEmpty(t, viewer.HostConfig.Links)

	grantee := shape()
	hostOf(t, Actor{Grants: []Grant{{Hosts: "*", Labels: "team=web", Role: RoleAdmin}}}).maskContainer(grantee)
	require.Equal(t, "canary", grantee.Args[1], "an admin of this container")
	require.Equal(t, "container", grantee.HostConfig.NetworkMode)
	require.Empty(t, grantee.HostConfig.Links)
	require.Empty(t, grantee.HostConfig.VolumesFrom)
	require.Empty(t, grantee.NetworkSettings.Networks["bridge"].Links)
}
