package service

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/stats"
)

// The values of a snapshot as a whole are computed from the containers that the actor sees.
func TestUsageAsAWholeTellsNothingOfHiddenContainers(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	fleet, err := dockerx.NewFleet([]dockerx.HostConfig{{Name: "h", Addr: d.Addr()}}, dockerx.Options{})
	require.NoError(t, err)
	h, _ := fleet.Host("h")
	limited := &Host{host: h, actor: Actor{Role: RoleNone, Grants: []Grant{{Hosts: "*", Labels: "team=web", Role: RoleViewer}}}, need: View}
	mine, hidden := map[string]string{"team": "web"}, map[string]string{"team": "money"}
	early, late := time.Now().Add(-time.Minute), time.Now()
	snap := &stats.Snapshot{SampledAt: late, Partial: true, Usages: []stats.Usage{
		{ID: "a", Labels: mine, Running: true, SampledAt: early},
		{ID: "b", Labels: hidden, Running: true, SampledAt: late},
		{ID: "c", Labels: hidden, Running: true, Partial: true},
	}}
	seen := limited.visible(snap)
	require.Len(t, seen.Usages, 1)
	require.False(t, seen.Partial, "what isn't there yet is a hidden container's")
	require.Equal(t, early, seen.SampledAt)
	snap.Usages[0].Partial = true
	require.True(t, limited.visible(snap).Partial)
}
