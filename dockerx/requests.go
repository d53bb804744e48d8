package dockerx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wharf/dockerx/connect"
)

// What engines may answer to wharf's own requests, by kind of answer. An answer that is followed has no bound as a
// whole: its reader bounds each part that it keeps.
const (
	maxList  = 64 << 20 // bytes of a container list
	maxBody  = 8 << 20  // bytes of any other answer that is read to its end
	maxFrame = 1 << 20  // bytes of one line of a stream
)

// open sends one of wharf's own requests, past Docker's client; r.Path is without the API's version. The caller closes
// the answer's body.
func (e *engine) open(ctx context.Context, r connect.Request) (*http.Response, error) {
	r.Path = "/v" + e.ClientVersion() + r.Path
	return e.transport.Open(ctx, r)
}

// upgrade is open for an answer that is a connection of its own (attach, exec).
func (e *engine) upgrade(ctx context.Context, r connect.Request) (*connect.Conn, error) {
	r.Path = "/v" + e.ClientVersion() + r.Path
	return e.transport.Upgrade(ctx, r)
}

// containerPath is the path of a request about one container. It refuses what could lead to another one.
func containerPath(id, rest string) (string, error) {
	if !refPattern.MatchString(id) {
		return "", fmt.Errorf("%.80q is no container id", id)
	}
	return "/containers/" + id + rest, nil
}

// ContainerList asks for the list past Docker's client, which would decode all of every row into
// memory before the first one can be looked at.
func (e *engine) ContainerList(ctx context.Context) (io.ReadCloser, error) {
	resp, err := e.open(ctx, connect.Request{
		Path: "/containers/json", Query: url.Values{"all": {"1"}}, Limit: connect.Bytes(maxList),
	})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// ContainerStats asks for one reading (one-shot: no second one to compare it with) or for a stream.
func (e *engine) ContainerStats(ctx context.Context, id string, stream bool) (io.ReadCloser, error) {
	path, err := containerPath(id, "/stats")
	if err != nil {
		return nil, err
	}
	query := url.Values{"stream": {"1"}}
	if !stream {
		query = url.Values{"stream": {"0"}, "one-shot": {"1"}}
	}
	resp, err := e.open(ctx, connect.Request{Path: path, Query: query, Limit: connect.Lines(maxFrame)})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Events opens the stream past Docker's client, which would decode on a goroutine of its own and
// make the reader wait for it. The reader skips a line that is too long, and says so.
func (e *engine) Events(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error) {
	query := url.Values{}
	if !since.IsZero() {
		query.Set("since", fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond()))
	}
	resp, err := e.open(ctx, connect.Request{Path: "/events", Query: query, Limit: connect.Unbounded()})
	if err != nil {
		return nil, time.Time{}, err
	}
	return resp.Body, connect.EngineTime(resp), nil
}

// ExecStart takes over the connection past Docker's client, which dials by itself and so knows neither ssh nor TLS
// files that were renewed.
func (e *engine) ExecStart(ctx context.Context, id string, tty bool) (*connect.Conn, error) {
	if !refPattern.MatchString(id) {
		return nil, fmt.Errorf("%.80q is no exec id", id)
	}
	return e.upgrade(ctx, connect.Request{
		Method: http.MethodPost, Path: "/exec/" + id + "/start", Header: http.Header{"Content-Type": {"application/json"}},
		Body: strings.NewReader(fmt.Sprintf(`{"Detach":false,"Tty":%t}`, tty)),
	})
}

// ContainerAttach takes over the connection, for the reasons that ExecStart has.
func (e *engine) ContainerAttach(ctx context.Context, id string, input bool) (*connect.Conn, error) {
	path, err := containerPath(id, "/attach")
	if err != nil {
		return nil, err
	}
	query := url.Values{"stream": {"1"}, "stdout": {"1"}, "stderr": {"1"}, "detachKeys": {detachKeys}}
	if input {
		query.Set("stdin", "1")
	}
	return e.upgrade(ctx, connect.Request{Method: http.MethodPost, Path: path, Query: query})
}

// Alive pings, and returns the engine's time, cut to the second (zero: unknown).
func (e *engine) Alive(ctx context.Context) (time.Time, error) {
	resp, err := e.transport.Open(ctx, connect.Request{Path: "/_ping", Limit: connect.Bytes(maxBody)})
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return connect.EngineTime(resp), connect.Finish(resp.Body)
}
