package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"wharf/dockerx/connect"
)

// The limits of engines' answers to wharf's own requests. An answer that is followed has no limit as a whole: its reader
// limits each part that it keeps.
const (
	MaxList  = 64 << 20 // bytes of a list
	maxBody  = 8 << 20  // bytes of any other answer that is read completely
	maxFrame = 1 << 20  // bytes of one line of a stream
)

var (
	idPattern   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$`)
)

// IsID reports whether s is a full container id.
func IsID(s string) bool { return idPattern.MatchString(s) }

// IsName reports whether s can be the name or id of a container, a volume or a network. It is then safe as one segment of a
// request's path.
func IsName(s string) bool { return namePattern.MatchString(s) }

// open sends a request without Docker's client; r.Path has no API version. The caller closes the answer's body.
func (e *engine) open(ctx context.Context, r connect.Request) (*http.Response, error) {
	r.Path = "/v" + e.ClientVersion() + r.Path
	return e.transport.Open(ctx, r)
}

// body is open, but returns only the answer's body.
func (e *engine) body(ctx context.Context, r connect.Request) (io.ReadCloser, error) {
	resp, err := e.open(ctx, r)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// upgrade is open for a request that upgrades its connection (attach, exec).
func (e *engine) upgrade(ctx context.Context, r connect.Request) (*connect.Conn, error) {
	r.Path = "/v" + e.ClientVersion() + r.Path
	return e.transport.Upgrade(ctx, r)
}

// containerPath returns the path of a request about one container. It rejects an id that could change the path.
func containerPath(id, rest string) (string, error) {
	if !IsName(id) {
		return "", fmt.Errorf("%.80q is no container id", id)
	}
	return "/containers/" + id + rest, nil
}

// readJSON sends a request and decodes its JSON answer.
func readJSON[T any](ctx context.Context, e *engine, r connect.Request) (v T, err error) {
	resp, err := e.open(ctx, r)
	if err != nil {
		return v, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return v, &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("status %d to a question", resp.StatusCode)}
	}
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		return v, &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("read the answer: %w", err)}
	}
	return v, connect.Finish(resp.Body)
}

// send is read for a POST request with a JSON body.
func (e *engine) send(ctx context.Context, path string, query url.Values, body []byte) ([]byte, error) {
	return e.read(ctx, connect.Request{
		Method: http.MethodPost, Path: path, Query: query, Body: bytes.NewReader(body),
		Header: http.Header{"Content-Type": {"application/json"}},
	})
}

// read sends a request and returns the complete body of its answer.
func (e *engine) read(ctx context.Context, r connect.Request) ([]byte, error) {
	r.Limit = connect.Bytes(maxBody)
	resp, err := e.open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
