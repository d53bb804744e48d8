package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/images"
	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// DetachKeys replaces Docker's default detach keys, Ctrl-P Ctrl-Q: with these, an engine would not pass a Ctrl-P on to the
// program at once. This sequence isn't typed by accident, and a single one of its keys is passed on.
const DetachKeys = "ctrl-^,ctrl-],ctrl-^,ctrl-],ctrl-^"

// ContainerStats asks for one sample (one-shot: without a second one to compare it with) or for a stream.
func (e *engine) ContainerStats(ctx context.Context, id string, stream bool) (io.ReadCloser, error) {
	path, err := containerPath(id, "/stats")
	if err != nil {
		return nil, err
	}
	query := url.Values{"stream": {"1"}}
	if !stream {
		query = url.Values{"stream": {"0"}, "one-shot": {"1"}}
	}
	return e.body(ctx, connect.Request{Path: path, Query: query, Limit: connect.Lines(maxFrame)})
}

// Events opens the stream without Docker's client, which would decode events on its own goroutine and slow down reading. It
// sets no limit on a line: the reader skips and reports lines that are too long.
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

// ContainerLogs asks for a container's log: both output streams, with timestamps.
func (e *engine) ContainerLogs(ctx context.Context, id string, q logs.Query) (io.ReadCloser, error) {
	path, err := containerPath(id, "/logs")
	if err != nil {
		return nil, err
	}
	query := url.Values{"stdout": {"1"}, "stderr": {"1"}, "timestamps": {"1"}, "tail": {"all"}}
	if q.Tail >= 0 {
		query.Set("tail", strconv.Itoa(q.Tail))
	}
	if q.Follow {
		query.Set("follow", "1")
	}
	if !q.Until.IsZero() {
		query.Set("until", fmt.Sprintf("%d.%09d", q.Until.Unix(), q.Until.Nanosecond()))
	}
	return e.body(ctx, connect.Request{Path: path, Query: query, Limit: connect.Unbounded()})
}

// ExecStart upgrades the connection without Docker's client, which dials on its own and therefore supports neither ssh nor
// renewed TLS files.
func (e *engine) ExecStart(ctx context.Context, id string, tty bool) (*connect.Conn, error) {
	if !IsName(id) {
		return nil, fmt.Errorf("%.80q is no exec id", id)
	}
	return e.upgrade(ctx, connect.Request{
		Method: http.MethodPost, Path: "/exec/" + id + "/start", Header: http.Header{"Content-Type": {"application/json"}},
		Body: strings.NewReader(fmt.Sprintf(`{"Detach":false,"Tty":%t}`, tty)),
	})
}

// ContainerAttach upgrades the connection without Docker's client, for the same reason as ExecStart.
func (e *engine) ContainerAttach(ctx context.Context, id string, input bool) (*connect.Conn, error) {
	path, err := containerPath(id, "/attach")
	if err != nil {
		return nil, err
	}
	query := url.Values{"stream": {"1"}, "stdout": {"1"}, "stderr": {"1"}, "detachKeys": {DetachKeys}}
	if input {
		query.Set("stdin", "1")
	}
	return e.upgrade(ctx, connect.Request{Method: http.MethodPost, Path: path, Query: query})
}

// ImagePull asks for a pull without Docker's client, whose answers have a limit. A refusal by the engine doesn't affect the
// host's health: a 401 is the registry's, not the engine's.
func (e *engine) ImagePull(ctx context.Context, r images.Ref, platform, auth string) (io.ReadCloser, error) {
	query := url.Values{"fromImage": {r.Repository()}, "tag": {r.Version()}}
	if platform != "" {
		query.Set("platform", platform)
	}
	header := http.Header{}
	if auth != "" {
		header.Set("X-Registry-Auth", auth)
	}
	body, err := e.body(ctx, connect.Request{
		Method: http.MethodPost, Path: "/images/create", Query: query, Header: header, Limit: connect.Lines(maxFrame),
	})
	var refused *connect.StatusError
	if errors.As(err, &refused) {
		return nil, apperr.Wrap(apperr.Daemon, &images.RefusedError{Words: refused.Words}, "cannot pull %s", r)
	}
	return body, err
}
