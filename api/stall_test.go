package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// impatient gives callers 200 ms for their bodies and answers, in place of the default of 10 s.
func impatient(o *api.Options) { o.BodyTime, o.StallTime = 200*time.Millisecond, 200*time.Millisecond }

// dial connects to the server. Reads and writes have a deadline, so that they fail rather than hang the test.
func (w *fixture) dial() net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(w.t, conn.SetDeadline(time.Now().Add(5*time.Minute)))
	return conn
}

func TestBodiesThatNeverComeAreAnsweredOrClosed(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, impatient)
	lines := map[string]string{
		"login": "POST /login", "no route": "POST /nowhere", "wrong method": "PUT /hosts", "read": "GET /hosts",
		"operation": "POST /v1/hosts/a/containers/web/pause", "refused": "POST /v1/users", "health": "GET /healthz",
	}
	bodies := map[string]string{
		"one byte of a hundred": "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"another type":          "Content-Type: text/plain\r\nContent-Length: 100\r\n\r\n{",
		"half a chunk":          "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
		"continue":              "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
	}
	for name, line := range lines {
		for kind, body := range bodies {
			for _, token := range []string{"", w.admin} {
				t.Run(name+", "+kind, func(t *testing.T) {
					t.Parallel()
					conn := w.in(t).dial()
					_, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s", line, token, body)
					require.NoError(t, err)
					_, err = io.Copy(io.Discard, conn) // read to the connection's end
					var timeout net.Error
					require.False(t, err != nil && asTimeout(err, &timeout), "neither answered and closed nor closed")
				})
			}
		}
	}
}

func asTimeout(err error, into *net.Error) bool {
	n, ok := err.(net.Error) //nolint:errorlint // as io.Copy returns it
	*into = n
	return ok && n.Timeout()
}

// A body that trickles in has no more time than one that stops.
func TestTrickledBodyIsCutOff(t *testing.T) {
	t.Parallel()
	w := setup(t, nil, impatient)
	conn := w.dial()
	_, err := fmt.Fprint(conn, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{")
	require.NoError(t, err)
	go func() {
		for {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		defer resp.Body.Close()
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// Pipelined requests whose answers the client never reads end the connection.
func TestAnswersThatNobodyTakesEndTheConnection(t *testing.T) {
	t.Parallel()
	w := setup(t, nil, impatient)
	conn := w.dial()
	question := []byte(strings.Repeat("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000))
	for sent := 0; ; sent += len(question) {
		if _, err := conn.Write(question); err != nil {
			var timeout net.Error
			require.False(t, asTimeout(err, &timeout), "the server keeps a client that reads nothing")
			return
		}
		require.Less(t, sent, 1<<30, "the server takes questions without end")
	}
}

// A slow handler isn't cut off, even if it takes longer than a stalled write may.
func TestSlowAnswersAreNotCutOff(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		d := dockertest.NewDaemon(t)
		id := d.Add(dockertest.Container{Name: "web"})
		release := make(chan struct{})
		d.Handle("POST /containers/{id}/restart", func(rw http.ResponseWriter, _ *http.Request) {
			<-release
			rw.WriteHeader(http.StatusNoContent)
		})
		w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, impatient)
		server := httptest.NewUnstartedServer(watch(t, w.api))
		server.EnableHTTP2 = version == "HTTP/2.0"
		server.StartTLS()
		t.Cleanup(server.Close)
		time.AfterFunc(time.Second, func() { close(release) })
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/hosts/a/containers/"+id+"/restart", strings.NewReader("{}"))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+w.admin)
		resp, err := server.Client().Do(r)
		require.NoError(t, err, version)
		require.Equal(t, version, resp.Proto)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
	}
}

func TestOneActorHasFourQueriesOfThePastAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	admin, err := w.sessions.Authenticate(t.Context(), w.admin)
	require.NoError(t, err)
	var places []func()
	for range 4 {
		leave, err := w.api.EnterHistory(admin)
		require.NoError(t, err)
		places = append(places, leave)
	}
	for _, path := range []string{"/v1/events", "/v1/audit", "/metrics", "/metrics/containers"} {
		a := w.get(path)
		require.Equal(t, http.StatusTooManyRequests, a.status, a.body)
		require.Equal(t, "1", a.header.Get("Retry-After"))
	}
	other := w.person("hong", "viewer")
	require.Equal(t, http.StatusOK, w.call("GET", "/v1/events", other, nil).status, "others have their own")
	for _, leave := range places {
		leave()
	}
	require.Equal(t, http.StatusOK, w.get("/v1/audit").status, "the places are free again")
}
