package dockerx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/wire"
)

// Rows returns the host's containers in Docker's shape, all or the running ones, the newest first. It is never cached.
// Errors: Unavailable, Daemon.
func (h *Host) Rows(ctx context.Context, all, size bool) ([]wire.Row, error) {
	if err := h.guard.Refusal(); err != nil {
		return nil, err
	}
	leave, err := h.measure(ctx, size)
	if err != nil {
		return nil, err
	}
	defer leave()
	return call(ctx, h, "list containers", h.wireLimit(size), func(ctx context.Context, e engine.Reads) ([]wire.Row, error) {
		body, err := e.ContainerRows(ctx, all, size)
		if err != nil {
			return nil, err
		}
		return guardedList(ctx, h, body, containers.DecodeWire)
	})
}

// measure waits for one of the places for questions that have an engine walk through files: they must leave it and the host's
// other places to callers that ask for less.
func (h *Host) measure(ctx context.Context, size bool) (leave func(), err error) {
	if !size {
		return func() {}, nil
	}
	select {
	case h.sizes <- struct{}{}:
		return func() { <-h.sizes }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sizesAtOnce is how many questions for sizes on disk a host gets at once.
const sizesAtOnce = 2

// wireLimit is the time for a question that may ask for sizes on disk.
func (h *Host) wireLimit(size bool) time.Duration {
	if size {
		return sizeTimeout
	}
	return h.readLimit
}

// Wire returns all of one container in Docker's shape. It is never cached, and refuses what Resolve refuses.
func (h *Host) Wire(ctx context.Context, ref containers.Ref, size bool) (*wire.Container, error) {
	leave, err := h.measure(ctx, size)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := call(ctx, h, "inspect container", h.wireLimit(size), func(ctx context.Context, e engine.Reads) (*wire.Container, error) {
		c, err := e.ContainerWire(ctx, ref.String(), size)
		if err == nil && !engine.IsID(c.ID) {
			err = &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("inspect answered without a proper id")}
		}
		return c, err
	})
	if err != nil {
		return nil, err
	}
	if err := containers.CheckWire(c, ref); err != nil {
		return nil, err
	}
	return c, nil
}

// Images returns the host's images in Docker's shape; all has those too that others were built on.
func (h *Host) Images(ctx context.Context, all bool) ([]wire.Image, error) {
	return call(ctx, h, "list images", h.readLimit, func(ctx context.Context, e engine.Reads) ([]wire.Image, error) {
		return e.ImageRows(ctx, all)
	})
}

// Info returns what the engine says of itself, in Docker's shape.
func (h *Host) Info(ctx context.Context) (wire.Info, error) {
	return call(ctx, h, "ask for information", h.readLimit, func(ctx context.Context, e engine.Reads) (wire.Info, error) {
		return e.InfoWire(ctx)
	})
}

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
