package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// UserAgent is wharf's name in the logs of engines.
const UserAgent = "wharf"

// ErrorPrefix is the prefix of the text of each error that the engine itself answered. Docker's client uses the same.
const ErrorPrefix = "Error response from daemon: "

const maxErrorBytes = 64 << 10 // of an answer with an error

// ErrNotModified is the engine's answer 304: there was nothing to do. Docker's client treats it as success.
var ErrNotModified = errors.New("not modified")

// Request is one request to an engine.
type Request struct {
	Method string // empty: GET
	Path   string // with the API version, for example "/v1.41/containers/json"; no unchecked text may be part of it
	Query  url.Values
	Header http.Header
	Body   io.Reader // read completely while the request is sent; nil: none
	Length int64     // of Body in bytes; 0 if unknown
	Limit  Limit     // of the answer's body; required by Open
}

// StatusError is an error that the engine answered.
type StatusError struct {
	Status int
	Words  string // the engine's message
}

// Error returns the engine's message after ErrorPrefix, as Docker's client does.
func (e *StatusError) Error() string { return ErrorPrefix + e.Words }

// Open sends a request and returns the answer, if its status is 2xx. The caller closes its body. The request and its body end
// with ctx. Errors: *StatusError, ErrNotModified, *FaultError.
func (t *Transport) Open(ctx context.Context, r Request) (*http.Response, error) {
	if r.Limit.wrap == nil {
		return nil, fmt.Errorf("request for %s: no limit is stated for its answer", r.Path)
	}
	req, err := t.request(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := t.exchange(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusOK && resp.StatusCode < http.StatusMultipleChoices {
		resp.Body = r.Limit.wrap(resp.Body)
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, readStatusError(resp)
}

// leftOver is how many bytes of an answer Finish reads at most.
const leftOver = 4 << 10

// Finish closes a body after its content was read. First it reads the rest, such as a final newline: with an unread rest,
// the connection would be closed instead of reused.
func Finish(body io.ReadCloser) error {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, leftOver))
	return body.Close()
}

// Pass sends a request of a client that uses the engine's API itself. It returns the answer with any status, except a
// redirect, and without a limit, since the caller doesn't keep it. If the request's header has Connection: Upgrade and the
// engine answers 101, the body is the connection, an io.ReadWriteCloser. The caller closes the body. The request ends with
// ctx; a connection ends only when the caller closes it. Errors: *FaultError.
func (t *Transport) Pass(ctx context.Context, r Request) (*http.Response, error) {
	req, err := t.request(ctx, r)
	if err != nil {
		return nil, err
	}
	return t.exchange(req)
}

func (t *Transport) request(ctx context.Context, r Request) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	u := url.URL{Scheme: t.scheme, Host: t.authority, Path: r.Path, RawQuery: r.Query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), r.Body)
	if err != nil {
		return nil, err
	}
	if r.Length > 0 {
		req.ContentLength = r.Length
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("User-Agent", UserAgent)
	return req, nil
}

func readStatusError(resp *http.Response) error {
	if resp.StatusCode == http.StatusNotModified {
		return ErrNotModified
	}
	var answer struct{ Message string }
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	if err != nil {
		return &FaultError{KindOf(err), fmt.Errorf("read the engine's error: %w", err)}
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		answer.Message = strings.TrimSpace(string(body))
	}
	if resp.StatusCode < http.StatusBadRequest || answer.Message == "" {
		return &FaultError{FaultProtocol, fmt.Errorf("status %d without a message", resp.StatusCode)}
	}
	return &StatusError{resp.StatusCode, answer.Message}
}

// EngineTime returns the time of an answer by the engine's clock, truncated to the second; zero if it has none.
func EngineTime(resp *http.Response) time.Time {
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}

type statusKey struct{}

// WithStatus returns a context for one request, and where the status of its answer will be stored. It shows a 304, which
// Docker's client hides.
func WithStatus(ctx context.Context) (context.Context, *atomic.Int32) {
	status := new(atomic.Int32)
	return context.WithValue(ctx, statusKey{}, status), status
}
