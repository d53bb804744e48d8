package dockerx

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestApplyLeavesUntouchedHostsAlone(t *testing.T) {
	t.Parallel()
	a, b, c := dockertest.NewDaemon(t), dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	cfg := func(name string, d *dockertest.Daemon) HostConfig {
		return HostConfig{Name: name, Addr: d.Addr(), Labels: map[string]string{"x": "y"}}
	}
	f := fleetOf(t, Options{}, cfg("a", a), cfg("b", b))
	running(t, f)
	up := func(name string) func() bool {
		return func() bool { h, ok := f.Host(name); return ok && h.streamUp() }
	}
	require.Eventually(t, up("a"), time.Minute, time.Millisecond)
	require.Eventually(t, up("b"), time.Minute, time.Millisecond)
	require.Eventually(t, func() bool { return a.Streams() == 1 && b.Streams() == 1 }, time.Minute, time.Millisecond)
	kept, _ := f.Host("a")
	opens := a.Opens()

	require.NoError(t, f.Apply([]HostConfig{cfg("c", c), cfg("a", a), cfg("b", c)}))
	require.Equal(t, "c a b", names(f))
	again, _ := f.Host("a")
	require.Same(t, kept, again)
	require.True(t, again.streamUp())
	require.Equal(t, opens, a.Opens(), "its stream went on")
	require.Eventually(t, func() bool { return b.Streams() == 0 && c.Streams() == 2 }, time.Minute, time.Millisecond)

	relabelled := cfg("a", a)
	relabelled.Labels = map[string]string{"x": "z"}
	require.NoError(t, f.Apply([]HostConfig{cfg("c", c), relabelled, cfg("b", c)}))
	again, _ = f.Host("a")
	require.Same(t, kept, again)
	require.Equal(t, map[string]string{"x": "z"}, again.Labels(), "labels change without a reconnect")
	require.Equal(t, opens, a.Opens())

	require.Error(t, f.Apply([]HostConfig{cfg("new", b), {Name: "bad", Addr: "nonsense"}}))
	require.Equal(t, "c a b", names(f), "a bad one changes nothing")
	require.Equal(t, opens, a.Opens())
}

func names(f *Fleet) string {
	var all []string
	for _, h := range f.Hosts() {
		all = append(all, h.Name())
	}
	return strings.Join(all, " ")
}

func TestHostAddressIsShownWithoutCredentials(t *testing.T) {
	t.Parallel()
	h := hostOf(t, HostConfig{Name: "a", Addr: "tcp://user:hunter2@10.0.0.1:2375"})
	require.Equal(t, "tcp://10.0.0.1:2375", h.Addr())
}

func TestTimeoutsOfAHostAreItsOwn(t *testing.T) {
	t.Parallel()
	h := hostOf(t, HostConfig{Name: "a", Addr: "unix:///a.sock", Timeouts: Timeouts{Ping: time.Second, Read: 10 * time.Second}})
	require.Equal(t, time.Second, h.pingLimit)
	require.Equal(t, 10*time.Second, h.readLimit)
}
