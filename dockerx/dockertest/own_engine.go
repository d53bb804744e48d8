package dockertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// OwnEngine is a real engine for one test, which may kill it. In native mode, the containers of a killed engine continue to
// run, as in production; in containers mode they die with it.
type OwnEngine struct{ Engine }

// NewOwnEngine asks the test bed for another engine, which is removed when the test ends. A bed allows eleven at a time. With
// -short or without a test bed it behaves as Engines.
func NewOwnEngine(t testing.TB) OwnEngine { t.Helper(); return newOwn(t, "") }

// NewSmallEngine is NewOwnEngine with a separate disk of so many MiB for all the engine's data.
func NewSmallEngine(t testing.TB, disk int) OwnEngine {
	t.Helper()
	return newOwn(t, fmt.Sprintf("?disk=%dm", disk))
}

func newOwn(t testing.TB, query string) OwnEngine {
	t.Helper()
	Engines(t) // without a test bed, skips the test or fails it with advice
	var made struct{ Name, Addr string }
	require.NoError(t, json.Unmarshal(control(t, http.MethodPost, "/engines"+query), &made))
	t.Cleanup(func() { control(t, http.MethodDelete, "/engines/"+made.Name) })
	return OwnEngine{open(t, made.Name, made.Addr, "")}
}

// KillEngine kills the engine's process, as a crash does.
func (o OwnEngine) KillEngine(t testing.TB) {
	t.Helper()
	control(t, http.MethodPost, "/engines/"+o.Name+"/kill")
}

// StopEngine stops the engine gracefully: it stops its containers first.
func (o OwnEngine) StopEngine(t testing.TB) {
	t.Helper()
	control(t, http.MethodPost, "/engines/"+o.Name+"/stop")
}

// StartEngine starts the engine again, and returns when it answers.
func (o OwnEngine) StartEngine(t testing.TB) {
	t.Helper()
	control(t, http.MethodPost, "/engines/"+o.Name+"/start")
}

// control sends a request to the test bed (scripts/testbed/control.go) and returns the answer's body.
func control(t testing.TB, method, path string) []byte {
	t.Helper()
	socket := os.Getenv("WHARF_TEST_CONTROL")
	require.NotEmpty(t, socket, "this test bed is older than WHARF_TEST_CONTROL: bring it down and up again")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	ctx, cancel := deadline()
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://testbed"+path, http.NoBody)
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s %s: %s", method, path, body)
	return body
}
