package dockerx

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// statusError is a failure that the daemon answered to a request made without Docker's client,
// with the words that the client would give it.
type statusError struct {
	status int
	words  string
}

func (e *statusError) Error() string { return e.words }

// get asks past Docker's client and returns the answer if its status is 200. The caller closes
// its body.
func (e *engine) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	u := url.URL{Scheme: e.transport.scheme, Host: e.transport.authority, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := e.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, readStatusError(resp)
}

func (e *engine) versioned(path string) string { return "/v" + e.ClientVersion() + path }

// ContainerList asks for the list past Docker's client, which would decode all of every row into
// memory before the first one can be looked at.
func (e *engine) ContainerList(ctx context.Context) (io.ReadCloser, error) {
	resp, err := e.get(ctx, e.versioned("/containers/json"), url.Values{"all": {"1"}})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// ContainerStats asks for one reading (one-shot: no second one to compare it with) or for a stream.
func (e *engine) ContainerStats(ctx context.Context, id string, stream bool) (io.ReadCloser, error) {
	if !refPattern.MatchString(id) {
		return nil, fmt.Errorf("%.80q is no container id", id)
	}
	query := url.Values{"stream": {"1"}}
	if !stream {
		query = url.Values{"stream": {"0"}, "one-shot": {"1"}}
	}
	resp, err := e.get(ctx, e.versioned("/containers/"+id+"/stats"), query)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Events opens the stream past Docker's client, which would decode on a goroutine of its own and
// make the reader wait for it.
func (e *engine) Events(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error) {
	query := url.Values{}
	if !since.IsZero() {
		query.Set("since", fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond()))
	}
	resp, err := e.get(ctx, e.versioned("/events"), query)
	if err != nil {
		return nil, time.Time{}, err
	}
	return resp.Body, daemonTime(resp), nil
}

// Alive pings, and returns the daemon's time, cut to the second (zero: unknown).
func (e *engine) Alive(ctx context.Context) (time.Time, error) {
	resp, err := e.get(ctx, "/_ping", nil)
	if err != nil {
		return time.Time{}, err
	}
	return daemonTime(resp), resp.Body.Close()
}

// daemonTime is when the daemon wrote the answer by its own clock, cut to the second; zero where
// it doesn't say.
func daemonTime(resp *http.Response) time.Time {
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}

func readStatusError(resp *http.Response) error {
	var said struct{ Message string }
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return &fault{faultKind(err), fmt.Errorf("read the daemon's error: %w", err)}
	}
	if json.Unmarshal(body, &said) != nil || said.Message == "" {
		said.Message = strings.TrimSpace(string(body))
	}
	if resp.StatusCode < http.StatusBadRequest || said.Message == "" {
		return &fault{FaultProtocol, fmt.Errorf("status %d without a message", resp.StatusCode)}
	}
	return &statusError{resp.StatusCode, daemonPrefix + said.Message}
}
