package nginxtest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheDocumentedConfigurationPassesEverythingOn: both upstreams get requests, with the client's address and host; a stream arrives
// line by line; an upgraded connection carries bytes both ways.
func TestTheDocumentedConfigurationPassesEverythingOn(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	upstream := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/stream":
				w.Header().Set("X-Accel-Buffering", "no")
				fmt.Fprintln(w, "first")
				_ = http.NewResponseController(w).Flush()
				<-more
				fmt.Fprintln(w, "second")
			case "/upgrade":
				echo(w, r)
			default:
				fmt.Fprintln(w, name, r.Host, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"))
			}
		}))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	n := Start(t, upstream("one"), upstream("two"))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: n.Roots}, ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	get := func(path string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL+path, http.NoBody)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}

	seen := map[string]bool{}
	for range 4 {
		resp := get("/")
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, 2, resp.ProtoMajor)
		seen[string(body)] = true
	}
	here := " " + n.URL[len("https://"):] + " 127.0.0.1 https\n"
	require.Equal(t, map[string]bool{"one" + here: true, "two" + here: true}, seen)

	lines := bufio.NewReader(get("/stream").Body)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "first\n", line)
	close(more)
	line, err = lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "second\n", line)

	conn, err := tls.Dial("tcp", n.URL[len("https://"):], &tls.Config{RootCAs: n.Roots})
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET /upgrade HTTP/1.1\r\nHost: wharf.example.org\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	answers := bufio.NewReader(conn)
	resp, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	fmt.Fprintln(conn, "there and back")
	line, err = answers.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "there and back\n", line)
}

// echo takes over the connection and sends back one line.
func echo(w http.ResponseWriter, r *http.Request) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
	if line, err := buffered.ReadString('\n'); err == nil {
		fmt.Fprint(conn, line)
	}
}
