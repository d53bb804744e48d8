package engine

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/logs"
)

// negotiated returns a fake engine and an API to it.
func negotiated(t *testing.T) (*dockertest.Daemon, API) {
	t.Helper()
	d := dockertest.NewDaemon(t)
	transport, err := connect.New(connect.Config{Addr: d.Addr()})
	require.NoError(t, err)
	t.Cleanup(transport.Close)
	d.SetAPI("1.60", "1.30")
	e, newest, err := Negotiate(t.Context(), transport)
	require.NoError(t, err)
	require.Equal(t, "1.60", newest)
	require.NotEqual(t, newest, e.ClientVersion(), "Docker's client is older")
	return d, e
}

// Each call that makes a path from a name without Docker's client rejects a name that would change the path, and sends nothing.
func TestNamesThatLeadElsewhereAreNotSent(t *testing.T) {
	t.Parallel()
	d, e := negotiated(t)
	before := len(d.Requests())
	calls := map[string]func(ctx context.Context, name string) error{
		"stats": func(ctx context.Context, name string) error { _, err := e.ContainerStats(ctx, name, false); return err },
		"logs": func(ctx context.Context, name string) error {
			_, err := e.ContainerLogs(ctx, name, logs.Query{})
			return err
		},
		"attach": func(ctx context.Context, name string) error {
			_, err := e.ContainerAttach(ctx, name, false)
			return err
		},
		"exec":    func(ctx context.Context, name string) error { _, err := e.ExecStart(ctx, name, false); return err },
		"raw":     func(ctx context.Context, name string) error { _, err := e.RawContainer(ctx, name); return err },
		"image":   func(ctx context.Context, name string) error { _, err := e.RawImage(ctx, name); return err },
		"wire":    func(ctx context.Context, name string) error { _, err := e.ContainerWire(ctx, name, false); return err },
		"network": func(ctx context.Context, name string) error { return e.NetworkConnect(ctx, name, "a", nil) },
	}
	for called, call := range calls {
		for _, name := range []string{"", ".", "..", "../images/x", "a?x=1", "a b", "a\n", "a%2f..", "-a", strings.Repeat("a", 5000)} {
			require.Error(t, call(t.Context(), name), "%s of %.20q", called, name)
		}
	}
	require.Len(t, d.Requests(), before)
}

func TestIDsAndNames(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0a", 32)
	require.True(t, IsID(id))
	require.False(t, IsID(id[1:]))
	require.False(t, IsID(strings.ToUpper(id)))
	require.True(t, IsName(id))
	require.True(t, IsName("a_b.c-D9"))
	require.False(t, IsName("/a"))
}

func TestRowsAreBounded(t *testing.T) {
	t.Parallel()
	type row struct{ Name string }
	count := func(body string) (n int, err error) {
		err = EachRow(strings.NewReader(body), func(*row) error { n++; return nil })
		return n, err
	}
	n, err := count("null")
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = count(`[{"Name":"a"},{}]`)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	_, err = count(`{}`)
	require.ErrorContains(t, err, "expected a list")
	_, err = count(`[{"Name":"` + strings.Repeat("a", 2*maxRowBytes) + `"}]`)
	require.ErrorIs(t, err, connect.ErrTooLarge)
	n, err = count("[" + strings.Repeat("{},", maxRows) + "{}]")
	require.ErrorIs(t, err, connect.ErrTooLarge)
	require.Equal(t, maxRows, n)
}
