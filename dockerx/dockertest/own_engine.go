package dockertest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// OwnEngine is a real engine that one test has to itself, and may kill. In native mode a killed engine
// leaves its containers running, as in life; in containers mode they die with it.
type OwnEngine struct {
	Engine
	control *http.Client
}

// NewOwnEngine asks the test bed for another engine, which ends with the test. A bed has eleven at a time.
// Without a test bed it does as Engines does.
func NewOwnEngine(t testing.TB) OwnEngine {
	t.Helper()
	Engines(t) // skips, or fails with advice, where there is no bed
	path := os.Getenv("WHARF_TEST_CONTROL")
	require.NotEmpty(t, path, "this test bed is older than WHARF_TEST_CONTROL: bring it down and up again")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	own := OwnEngine{control: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
	var made struct{ Name, Addr string }
	require.NoError(t, json.Unmarshal(own.call(t, http.MethodPost, ""), &made))
	t.Cleanup(func() { own.call(t, http.MethodDelete, "/"+made.Name) })
	own.Engine = open(t, made.Name, made.Addr, "")
	return own
}

// KillEngine ends the engine's process as a crash does.
func (o OwnEngine) KillEngine(t testing.TB) {
	t.Helper()
	o.call(t, http.MethodPost, "/"+o.Name+"/kill")
}

// StopEngine ends the engine in order: it stops its containers first.
func (o OwnEngine) StopEngine(t testing.TB) {
	t.Helper()
	o.call(t, http.MethodPost, "/"+o.Name+"/stop")
}

// StartEngine starts it again, and returns when it answers.
func (o OwnEngine) StartEngine(t testing.TB) {
	t.Helper()
	o.call(t, http.MethodPost, "/"+o.Name+"/start")
}

func (o OwnEngine) call(t testing.TB, method, path string) []byte {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://testbed/engines"+path, http.NoBody)
	require.NoError(t, err)
	resp, err := o.control.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s engine%s: %s", method, path, body)
	return body
}
