package dockerx

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"wharf/dockerx/connect"
)

// RawCall is a request of Docker's API that a client wrote, to be passed on to an engine as it is.
type RawCall struct {
	Method string
	Path   string // with the API's version, if the client's has one
	Query  url.Values
	Header http.Header // what the engine gets, besides the name of the client
	Body   io.Reader   // nil: none
	Length int64       // of Body in bytes; 0 where it isn't known
}

// RawAnswer is what an engine answered to a RawCall, whatever its status.
type RawAnswer struct {
	Status int
	Header http.Header
	Length int64 // of Body in bytes; -1 where it isn't known
	// Body ends with the call's context. With the status 101 it is the connection, an io.ReadWriteCloser that its holder
	// closes.
	Body io.ReadCloser
}

// Raw passes a call on to the engine. Nothing is looked at on the way, nothing bounded and nothing given a deadline: ctx ends
// it. The caller closes the answer's body. Errors: Unavailable.
func (h *Host) Raw(ctx context.Context, c RawCall) (RawAnswer, error) {
	const doing = "pass a call on"
	if _, err := h.engine(ctx); err != nil { // one that is known to be down isn't tried
		return RawAnswer{}, h.failed(ctx, doing, err)
	}
	resp, err := h.transport.Pass(ctx, connect.Request{ //nolint:bodyclose // the caller closes it
		Method: c.Method, Path: c.Path, Query: c.Query, Header: c.Header, Body: c.Body, Length: c.Length,
	})
	if err != nil {
		return RawAnswer{}, h.failed(ctx, doing, err)
	}
	h.markUp()
	return RawAnswer{Status: resp.StatusCode, Header: resp.Header, Length: resp.ContentLength, Body: resp.Body}, nil
}
