package api_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	be "encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/channels"
	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
	"wharf/scripts/nginxtest"
)

// worksAsATerminal checks that a command with a TTY gets sizes, and that random bytes go through cat and come back.
func (w *fixture) worksAsATerminal(t *testing.T, host, id string) {
	t.Helper()
	s := w.open(t, w.ticket(host, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "winsize"}, TTY: true}))
	s.send(channels.Resize, []byte(`{"Width":97,"Height":41}`))
	s.shows("97 x 41\r\n")
	s.send(channels.Stdin, []byte("\x04"))
	require.Equal(t, channels.Exited(0), s.end())

	s = w.open(t, w.ticket(host, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "cat"}}))
	sent := make([]byte, 1<<20)
	_, _ = rand.Read(sent)
	for part := range 16 {
		s.send(channels.Stdin, sent[part<<16:(part+1)<<16])
	}
	s.send(channels.Close, []byte{channels.Stdin})
	require.Equal(t, channels.Exited(0), s.end())
	require.True(t, bytes.Equal(sent, s.out.Bytes()), "%d bytes came back of %d", s.out.Len(), len(sent))
}

func TestTerminalOverSSH(t *testing.T) {
	t.Parallel()
	e := dockertest.Engines(t)[1]
	socket, found := strings.CutPrefix(e.Addr, "unix://")
	require.True(t, found, e.Addr)
	id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	hop := dockertest.NewSSHServer(t)
	w := setup(t, []dockerx.HostConfig{{
		Name: "far", Addr: "ssh://" + hop.User + "@" + hop.Addr + socket,
		SSH:      connect.SSHConfig{Identities: []string{hop.Identity}, KnownHosts: []string{hop.KnownHosts}},
		Timeouts: dockerx.Timeouts{Ping: 30 * time.Second, Read: time.Minute},
	}})
	w.worksAsATerminal(t, "far", id)
}

// TestTerminalThroughNginx opens terminals through nginx as docs/deploy.md configures it, from a page of its own origin.
func TestTerminalThroughNginx(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{})
	n := nginxtest.Start(t, strings.TrimPrefix(w.url, "http://"))
	other := *w
	other.url, other.through = n.URL, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: n.Roots}, DisableKeepAlives: true}
	other.in(t).worksAsATerminal(t, e.Name, id)

	cat := dto.ExecRequest{Cmd: []string{"/app", "cat"}}
	for origin, want := range map[string]int{n.URL: http.StatusSwitchingProtocols, w.url: http.StatusForbidden, "https://localhost": http.StatusForbidden} {
		conn, status := other.upgrade(t, w.ticket(e.Name, id, w.admin, cat), func(h http.Header) { h.Set("Origin", origin) })
		require.Equal(t, want, status, origin)
		if conn != nil {
			require.NoError(t, conn.CloseNow())
		}
	}
}

// TestTerminalOfAnHTTP2Caller gets the ticket over HTTP/2 and opens the terminal over an HTTP/1.1 connection to the same address:
// clients open WebSockets in this way if the server doesn't announce the extended CONNECT of RFC 8441.
func TestTerminalOfAnHTTP2Caller(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{})
	s := httptest.NewUnstartedServer(watch(t, w.api))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)

	two := s.Client().Transport.(*http.Transport)
	ask := func(method, path, body string) (*http.Response, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		bearer(w.admin)(r)
		r.Header.Set("Content-Type", "application/json")
		resp, err := two.RoundTrip(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, 2, resp.ProtoMajor)
		return resp, string(answer)
	}
	ticket := func() string {
		resp, body := ask("POST", fmt.Sprintf("/v1/hosts/%s/containers/%s/exec", e.Name, id), `{"cmd":["/app","cat"]}`)
		require.Equal(t, http.StatusOK, resp.StatusCode, body)
		var out struct{ Data dto.ExecResult }
		require.NoError(t, json.Unmarshal([]byte(body), &out))
		secret(out.Data.Ticket)
		return out.Data.URL
	}
	resp, body := ask("GET", ticket(), "")
	require.Equal(t, http.StatusBadRequest, resp.StatusCode, "no upgrade over HTTP/2: %s", body)
	require.False(t, announcesConnect(t, s.Listener.Addr().String()))

	one := &http.Transport{TLSClientConfig: s.Client().Transport.(*http.Transport).TLSClientConfig.Clone(), DisableKeepAlives: true}
	one.TLSClientConfig.NextProtos = []string{"http/1.1"} // as browsers offer for WebSockets
	other := *w
	other.url, other.through = s.URL, one
	term := other.open(t, ticket())
	term.send(channels.Stdin, []byte("over TLS"))
	term.send(channels.Close, []byte{channels.Stdin})
	require.Equal(t, channels.Exited(0), term.end())
	require.Equal(t, "over TLS", term.out.String())
}

// announcesConnect reports whether a server's settings include ENABLE_CONNECT_PROTOCOL (RFC 8441).
func announcesConnect(t *testing.T, addr string) bool {
	t.Helper()
	h, err := benchkit.DialH2(addr, 64<<10, time.Minute)
	require.NoError(t, err)
	defer h.Close()
	for {
		f, err := h.Next()
		require.NoError(t, err)
		if f.Type != benchkit.H2Settings || f.Flags != 0 {
			continue
		}
		for p := f.Payload; len(p) >= 6; p = p[6:] {
			if be.BigEndian.Uint16(p) == 8 && be.BigEndian.Uint32(p[2:]) == 1 {
				return true
			}
		}
		return false
	}
}

// TestFullScreenProgram answers a program's queries as a terminal does, and finds its frame in each size.
func TestFullScreenProgram(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, e dockertest.Engine) {
		w, id := terminalFixture(t, e, dockertest.Spec{})
		s := w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "screen"}, TTY: true, Env: []string{"TERM=xterm"}}))
		asks := "\x1b[999;999H\x1b[6n"
		s.shows("\x1b[?1049h\x1b[?25l" + asks)
		s.send(channels.Stdin, []byte("\x1b[24;80R"))
		s.shows(frame(24, 80))
		s.clear()
		s.send(channels.Resize, []byte(`{"Width":132,"Height":43}`))
		s.shows(asks) // the program has received the signal
		s.send(channels.Stdin, []byte("\x1b[43;132R"))
		s.shows(frame(43, 132))
		s.send(channels.Stdin, []byte("q"))
		require.Equal(t, channels.Exited(0), s.end())
		require.True(t, strings.HasSuffix(s.out.String(), "\x1b[?25h\x1b[?1049l"), "the screen of before is back")
	})
}

// frame returns the last output of /app screen for a size.
func frame(rows, columns int) string {
	return fmt.Sprintf("\x1b[%d;1H|\x1b[%d;%dH|\x1b[%d;3H\x1b[7m%d columns, %d rows\x1b[0m", rows-1, rows-1, columns, rows/2, columns, rows)
}

// clear drops the output so far.
func (s *shell) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Reset()
}
