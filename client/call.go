package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"wharf/api/dto"
)

// maxAnswer limits an answer's size, in bytes. A page of the history has at most 8 MiB.
const maxAnswer = 64 << 20

// Error is an answer other than a success.
type Error struct {
	Status    int
	Message   string
	RequestID string
	// RetryAfter is how long the server asks to wait before the next try; 0 if it doesn't.
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%d %s: %s (request %s)", e.Status, http.StatusText(e.Status), e.Message, e.RequestID)
}

// request is a call of an operation.
type request struct {
	method, path string
	query, body  any
	bare         bool // the answer has no envelope
	public       bool // takes no credentials
}

// call makes a request and decodes its answer into out, which may be nil. A request that changes nothing or carries an
// Idempotency-Key is tried again if the connection broke or the server can't serve at the moment. Any request is tried once more
// with a new token if the server refused the first.
func (c *Client) call(ctx context.Context, r request, out any) error {
	resp, err := c.do(ctx, r, "application/json")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", r.method, r.path, err)
	}
	if out == nil {
		return nil
	}
	var into any = &struct {
		Data any `json:"data"`
	}{out}
	if r.bare {
		into = out
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s %s: decode the answer: %w", r.method, r.path, err)
	}
	return nil
}

// do tries a request until it is answered with 200, fails permanently, or has used all its tries. The caller closes the answer's
// body.
func (c *Client) do(ctx context.Context, r request, accept string) (*http.Response, error) {
	headers, _ := ctx.Value(headerKey{}).(http.Header)
	repeatable := r.method == http.MethodGet || headers.Get("Idempotency-Key") != ""
	pause, refused := c.o.Pause, ""
	for try := 1; ; try++ {
		token, err := c.tokenFor(ctx, r, refused)
		if err != nil {
			return nil, err
		}
		resp, err := c.once(ctx, r, token, accept)
		failure := (*Error)(nil)
		switch {
		case err == nil:
			return resp, nil
		case errors.As(err, &failure) && failure.Status == http.StatusUnauthorized && refused == "" && token != "" && c.o.Token == "":
			refused = token
			continue
		case !repeatable || try >= c.o.Tries || !temporary(err) || ctx.Err() != nil:
			return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
		wait := pause
		if failure != nil {
			wait = max(wait, failure.RetryAfter)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

func (c *Client) tokenFor(ctx context.Context, r request, refused string) (string, error) {
	if r.public {
		return "", nil
	}
	return c.token(ctx, refused)
}

// once makes a request. Errors: *Error for an answer other than 200, and those of the transport.
func (c *Client) once(ctx context.Context, r request, token, accept string) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	address := c.base + r.path
	if query := encodeQuery(r.query).Encode(); query != "" {
		address += "?" + query
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if headers, ok := ctx.Value(headerKey{}).(http.Header); ok {
		maps.Copy(req.Header, headers)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
		defer resp.Body.Close()
		return nil, failureOf(resp)
	}
	return resp, nil
}

func failureOf(resp *http.Response) *Error {
	e := &Error{Status: resp.StatusCode, RequestID: resp.Header.Get("X-Request-Id")}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var failure dto.Failure
	if json.Unmarshal(raw, &failure) == nil {
		e.Message = failure.Message
	}
	return e
}

// temporary reports whether the same request may succeed if it is tried again soon.
func temporary(err error) bool {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusBadGateway
	}
	return true // a broken connection
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
