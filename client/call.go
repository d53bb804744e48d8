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

// maxAnswer is the most that an answer may have, in bytes: a page of the history has 8 MiB at most.
const maxAnswer = 64 << 20

// Error is an answer that isn't a success.
type Error struct {
	Status    int
	Message   string
	RequestID string
	// RetryAfter is when the server says to come again; 0 where it says nothing.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	return fmt.Sprintf("%d %s: %s (request %s)", e.Status, http.StatusText(e.Status), e.Message, e.RequestID)
}

// request is one call of an operation.
type request struct {
	method, path string
	query, body  any
	bare         bool // the answer has no envelope
	public       bool // takes no credentials
}

// call makes a request and decodes its answer into out, which may be nil. What may be tried again is: a
// request that changes nothing, or carries an Idempotency-Key, when the connection broke or the server says
// that it can't serve now; and any request once with a new token.
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

// do makes a request until it is answered with 200, fails for good, or was tried often enough. The caller
// closes the answer's body.
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

// once makes a request. Errors: *Error for an answer that isn't 200, and what the transport says.
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

// temporary reports whether the same request may be answered otherwise in a moment.
func temporary(err error) bool {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusBadGateway
	}
	return true // the connection
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
