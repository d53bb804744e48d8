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

// UserAgent is the name by which engines' logs know wharf.
const UserAgent = "wharf"

// ErrorPrefix begins the text of each error that the engine itself answered, in the words of Docker's client.
const ErrorPrefix = "Error response from daemon: "

const maxErrorBytes = 64 << 10 // of an answer that says what went wrong

// ErrNotModified stands for the engine's 304: there was nothing to do. Docker's client takes it for success.
var ErrNotModified = errors.New("not modified")

// Request is one request to an engine.
type Request struct {
	Method string // GET where empty
	Path   string // with the API's version, as "/v1.41/containers/json"; no unchecked text may be part of it
	Query  url.Values
	Header http.Header
	Body   io.Reader // read to its end while the request is sent; nil: none
	Length int64     // of Body in bytes; 0 where it isn't known
	Limit  Limit     // of what may be read of the answer; Open wants one
}

// StatusError is a failure that the engine answered.
type StatusError struct {
	Status int
	Words  string // the engine's own
}

// Error returns the engine's words behind ErrorPrefix, as Docker's client does.
func (e *StatusError) Error() string { return ErrorPrefix + e.Words }

// Open sends a request and returns the answer, whatever its success: 200, 201, 202, 204 … The caller closes its body;
// the request ends with its context, the body too. Errors: *StatusError, ErrNotModified, *FaultError.
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

// leftOver is how much of an answer Finish reads at most.
const leftOver = 4 << 10

// Finish closes the body of an answer of which all that matters was read. It reads what may be left of it, a line's end or a
// short text: else the connection would be closed as well, and the next request dial anew.
func Finish(body io.ReadCloser) error {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, leftOver))
	return body.Close()
}

// Pass sends a request in the name of a client that speaks the engine's API itself, and returns the answer whatever its
// status, a redirect excepted, and without a limit: the caller keeps nothing of it. Where the request's header has
// Connection: Upgrade and the engine answers 101, the answer's body is the connection, an io.ReadWriteCloser. The caller
// closes the body; the request ends with its context, but for a connection, which is the caller's to close. Errors:
// *FaultError.
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
	var said struct{ Message string }
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	if err != nil {
		return &FaultError{KindOf(err), fmt.Errorf("read the engine's error: %w", err)}
	}
	if json.Unmarshal(body, &said) != nil || said.Message == "" {
		said.Message = strings.TrimSpace(string(body))
	}
	if resp.StatusCode < http.StatusBadRequest || said.Message == "" {
		return &FaultError{FaultProtocol, fmt.Errorf("status %d without a message", resp.StatusCode)}
	}
	return &StatusError{resp.StatusCode, said.Message}
}

// EngineTime returns when the engine wrote the answer by its own clock, cut to the second; zero where it doesn't say.
func EngineTime(resp *http.Response) time.Time {
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}

type statusKey struct{}

// WithStatus returns a context whose request stores the status of its answer, for a 304 that Docker's client hides.
func WithStatus(ctx context.Context) (context.Context, *atomic.Int32) {
	status := new(atomic.Int32)
	return context.WithValue(ctx, statusKey{}, status), status
}
