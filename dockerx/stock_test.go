package dockerx

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/images"
	"wharf/util/apperr"
)

func TestStockOnRealEngines(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		ctx := context.Background()
		tag := "stock-" + dockertest.NewID()[:12]
		name := "localhost/" + tag + ":1"
		e.ImportImage(t, name, []byte(strings.Repeat(tag, 1000)))
		back := e.Network(t, tag)
		id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Networks: []string{back}, Mounts: []string{tag + ":/data"}})

		rows, err := h.ListImages(ctx)
		require.NoError(t, err)
		at := slices.IndexFunc(rows.Images, func(i images.Row) bool { return slices.Contains(i.Tags, name) })
		require.GreaterOrEqual(t, at, 0, "%+v", rows.Images)
		require.Positive(t, rows.Images[at].Size)
		require.False(t, rows.Images[at].Dangling())
		volumes, err := h.ListVolumes(ctx)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(volumes.Volumes, func(v images.Volume) bool { return v.Name == tag && !v.Anonymous() }))
		networks, err := h.ListNetworks(ctx)
		require.NoError(t, err)
		network := slices.IndexFunc(networks.Networks, func(n images.Network) bool { return n.Name == back })
		require.GreaterOrEqual(t, network, 0)
		require.NotEmpty(t, networks.Networks[network].Subnets)
		require.True(t, slices.ContainsFunc(networks.Networks, func(n images.Network) bool { return n.Builtin() }))

		uses, err := h.Uses(ctx)
		require.NoError(t, err)
		use := slices.IndexFunc(uses.Containers, func(u images.Use) bool { return u.ID == id })
		require.GreaterOrEqual(t, use, 0)
		require.True(t, images.IsID(uses.Containers[use].Image), uses.Containers[use].Image)
		require.Contains(t, uses.Containers[use].Volumes, tag)
		require.Contains(t, uses.Containers[use].Networks, back)

		sizes, err := h.Sizes(ctx)
		require.NoError(t, err)
		require.Contains(t, sizes.Volumes, tag)
		require.Contains(t, sizes.Images, rows.Images[at].ID)

		e.Stop(t, id)
		require.Equal(t, apperr.Conflict, apperr.KindOf(h.RemoveVolume(ctx, tag)), "a container uses it, though it doesn't run")
		require.Equal(t, apperr.Conflict, apperr.KindOf(h.RemoveImage(ctx, uses.Containers[use].Image)))
		require.Equal(t, apperr.NotFound, apperr.KindOf(h.RemoveVolume(ctx, "no-such-"+tag)))
		e.Remove(t, id)
		require.NoError(t, h.RemoveVolume(ctx, tag))
		require.NoError(t, h.RemoveNetwork(ctx, networks.Networks[network].ID))
		require.NoError(t, h.RemoveImage(ctx, name))
		require.Equal(t, apperr.NotFound, apperr.KindOf(h.RemoveImage(ctx, name)))
	})
}

func TestStrangeListsAreRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[{"Id":"x"}]`, `[`, `"x"`, `[1]`} {
		_, err := images.DecodeRows(strings.NewReader(body))
		require.Error(t, err, body)
	}
	rows, err := images.DecodeRows(strings.NewReader("null"))
	require.NoError(t, err)
	require.NotNil(t, rows.Images)
	_, err = images.DecodeUses(strings.NewReader(`[{"Id":"short"}]`))
	require.Error(t, err)
	many := "[" + strings.Repeat(`{"Id":"0123456789ab"},`, 50_001) + `{"Id":"0123456789ab"}]`
	_, err = images.DecodeUses(strings.NewReader(many))
	require.Error(t, err)
	networks, err := images.DecodeNetworks(strings.NewReader(`[{"Name":"a","Created":"never","IPAM":null}]`))
	require.NoError(t, err)
	require.True(t, networks.Networks[0].Created.IsZero())
}
