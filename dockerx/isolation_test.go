package dockerx

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// isolationFixture is a fleet that leads the hosts of mine. The hosts of theirs are led by another process and up.
type isolationFixture struct {
	*Fleet
	mine, theirs []*dockertest.Daemon
}

func newIsolationFixture(t *testing.T) *isolationFixture {
	t.Helper()
	x := &isolationFixture{}
	var cfgs []HostConfig
	for n := range 4 {
		d := dockertest.NewDaemon(t)
		name := fmt.Sprint("mine-", n)
		if n < 2 {
			x.mine = append(x.mine, d)
		} else {
			name = fmt.Sprint("theirs-", n)
			x.theirs = append(x.theirs, d)
		}
		cfgs = append(cfgs, HostConfig{Name: name, Addr: d.Addr()})
	}
	x.Fleet = fleetOf(t, Options{Led: true}, cfgs...)
	x.isolation.every, x.isolation.after = 20*time.Millisecond, 20*time.Millisecond
	running(t, x.Fleet)
	for _, cfg := range cfgs[:2] {
		x.Lead(cfg.Name)
		require.Eventually(t, func() bool { h, _ := x.Host(cfg.Name); return h.Status().State == HostUp }, time.Minute, time.Millisecond)
	}
	for _, cfg := range cfgs[2:] {
		x.SetStatus(cfg.Name, Status{State: HostUp})
	}
	return x
}

// cut sets whether engines answer nothing.
func cut(engines []*dockertest.Daemon, off bool) {
	for _, d := range engines {
		d.Fault(nil)
		if off {
			d.Fault(d.Hang)
			d.Disconnect()
		}
	}
}

// awaitDown waits until the hosts of mine have been down long enough.
func (x *isolationFixture) awaitDown(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { down, _ := x.reach(); return down }, time.Minute, time.Millisecond)
}

func TestAFleetThatReachesNoHostOfAnybodyIsIsolated(t *testing.T) {
	t.Parallel()
	x := newIsolationFixture(t)
	cut(x.mine, true)
	cut(x.theirs, true)
	require.Eventually(t, x.Isolated, time.Minute, time.Millisecond)
	x.Leave([]string{"mine-0", "mine-1"}) // its hosts are handed over
	x.lookForIsolation(t.Context())
	require.True(t, x.Isolated(), "it still reaches nothing")
	cut(x.theirs[:1], false)
	require.Eventually(t, func() bool { return !x.Isolated() }, time.Minute, time.Millisecond)
}

func TestAFleetWhoseHostsAreDownIsNotIsolated(t *testing.T) {
	t.Parallel()
	x := newIsolationFixture(t)
	cut(x.mine, true)
	cut(x.theirs[:1], true)
	x.awaitDown(t)
	x.lookForIsolation(t.Context())
	require.False(t, x.Isolated(), "a host of the others answers")
	cut(x.theirs, true)
	for _, name := range []string{"theirs-2", "theirs-3"} {
		x.SetStatus(name, Status{State: HostDown})
	}
	x.lookForIsolation(t.Context())
	require.False(t, x.Isolated(), "the others reach nothing either")
}

func TestAFleetThatReachesMostHostsIsNotIsolated(t *testing.T) {
	t.Parallel()
	x := newIsolationFixture(t)
	cut(x.mine[:1], true)
	cut(x.theirs, true)
	h, _ := x.Host("mine-0")
	require.Eventually(t, func() bool { return h.Status().State == HostDown }, time.Minute, time.Millisecond)
	x.lookForIsolation(t.Context())
	require.False(t, x.Isolated())
}
