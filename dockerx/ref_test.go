package dockerx

import (
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

var allowedRequest = regexp.MustCompile(`^/v1\.\d+/containers/[A-Za-z0-9_.-]+/(json|start|stop|stats)$`)

func TestHostileIDsReachNothingButAContainer(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	ctx := context.Background()
	ids := dockertest.HostileIDs()
	require.GreaterOrEqual(t, len(ids), 200)
	refused := 0
	for _, id := range append(ids, "good-name", "/good-name", "json", "a..b") {
		// An invalid reference is rejected; a valid one is sent to the daemon.
		if r, err := containers.ParseRef(id); err == nil {
			_, err = h.Resolve(ctx, r)
			require.Equal(t, apperr.NotFound, apperr.KindOf(err), "%q", id)
		} else {
			refused++
			require.Equal(t, apperr.Invalid, apperr.KindOf(err))
		}
		// Operations accept only full ids.
		require.Equal(t, apperr.Invalid, apperr.KindOf(start(ctx, h, id)), "%q", id)
		require.Equal(t, apperr.Invalid, apperr.KindOf(stop(ctx, h, id, nil)), "%q", id)
	}
	require.GreaterOrEqual(t, refused, 200)
	require.Len(t, d.Requests(), len(ids)+4-refused)
	for _, r := range d.Requests() {
		require.Regexp(t, allowedRequest, r.Path)
	}
}
