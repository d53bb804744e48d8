package client_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/client"
)

// relayed serves EngineHandler in front of a server that answers with f, and returns its address.
func relayed(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	front := httptest.NewServer(client.New(server.URL, client.Options{Token: "the-key"}).EngineHandler("web 1"))
	t.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

func TestEngineRequestsCarryTheKeyAlone(t *testing.T) {
	t.Parallel()
	addr := relayed(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RequestURI, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Cookie"), " ", r.Header.Get("X-Registry-Auth"),
			" ", r.Header.Get("X-Forwarded-For"), r.Header.Get("Forwarded"))
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/v1.41/images/a%2Fb/json?filters=%7B%7D;x", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer another")
	req.Header.Set("Cookie", "wharf_session=x")
	req.Header.Set("X-Registry-Auth", "registry")
	req.Header.Set("X-Forwarded-For", "192.0.2.7")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "/docker/web%201/v1.41/images/a%2Fb/json?filters=%7B%7D;x Bearer the-key  registry ", string(raw))
}

func TestEngineConnectionsAreTakenOver(t *testing.T) {
	t.Parallel()
	addr := relayed(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "tcp" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		input, _ := io.ReadAll(rw) // until the client closes its direction
		fmt.Fprintf(conn, "%d bytes", len(input))
	})
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /v1.41/exec/x/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}")
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	_, err = io.WriteString(conn, strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "1048576 bytes", string(answer))
}

func TestEngineAnswersThatServersDoNotGive(t *testing.T) {
	t.Parallel()
	front := httptest.NewServer(client.New("http://127.0.0.1:1", client.Options{Token: "x"}).EngineHandler("a"))
	t.Cleanup(front.Close)
	resp, err := http.Get(front.URL + "/_ping")
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, resp.StatusCode)
	require.Contains(t, string(raw), `"message":"wharf: the server can't be reached`)
}

// A tool that sends its whole body before it reads gets the answer.
func TestEngineAnswersBeforeTheBodyIsWhole(t *testing.T) {
	t.Parallel()
	addr := relayed(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	const size = 8 << 20
	fmt.Fprintf(conn, "POST /build HTTP/1.1\r\nHost: docker\r\nContent-Length: %d\r\n\r\n", size)
	_, err = io.WriteString(conn, strings.Repeat("x", size))
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}
