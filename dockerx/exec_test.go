package dockerx

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/docker/docker/pkg/stdcopy"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

func execStart(id string) func(context.Context, engine.Follows) (*connect.Conn, error) {
	return func(ctx context.Context, e engine.Follows) (*connect.Conn, error) { return e.ExecStart(ctx, id, false) }
}

func TestExecOnRealEnginesHasItsConnection(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		id := e.PrepareExec(t, e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}}), "cat")
		c, err := openConn(t.Context(), h, "start exec", readTimeout, execStart(id))
		require.NoError(t, err)
		_, err = c.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		var out bytes.Buffer
		_, err = stdcopy.StdCopy(&out, &out, c)
		require.NoError(t, err)
		require.Equal(t, "hello", out.String())
		require.NoError(t, c.Close())

		_, err = openConn(t.Context(), h, "start exec", readTimeout, execStart("0123456789abcdef"))
		require.Equal(t, apperr.NotFound, apperr.KindOf(err), "%v", err)
	})
}

// Opening a connection has a deadline; the open connection has none.
func TestOpeningAConnectionHasADeadlineOfItsOwn(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.Handle("POST /exec/{id}/start", func(w http.ResponseWriter, r *http.Request) { d.Hang(w, r) })
	_, err := openConn(t.Context(), h, "start exec", 100*time.Millisecond, execStart("0123456789abcdef"))
	require.Equal(t, connect.FaultTimeout, connect.FaultOf(err), "%v", err)
}
