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

// Rows returns the host's containers in the shape of Docker's API, all or only the running ones, newest first. It is never
// cached. size adds sizes on disk. Errors: Unavailable, Daemon.
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

// measure waits for a slot for a request for sizes on disk; without size it returns at once. Such requests make the engine
// visit every file, so they are few at a time and leave the host's other slots to cheaper requests. The caller must call
// leave.
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

// sizesAtOnce is how many requests for sizes on disk run on a host at once.
const sizesAtOnce = 2

// wireLimit returns the deadline of a request that may ask for sizes on disk.
func (h *Host) wireLimit(size bool) time.Duration {
	if size {
		return sizeTimeout
	}
	return h.readLimit
}

// Wire returns one container in the shape of Docker's API. It is never cached. size adds sizes on disk. Errors: those of
// Resolve.
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

// Images returns the host's images in the shape of Docker's API; all includes the intermediate images of builds.
func (h *Host) Images(ctx context.Context, all bool) ([]wire.Image, error) {
	return call(ctx, h, "list images", h.readLimit, func(ctx context.Context, e engine.Reads) ([]wire.Image, error) {
		return e.ImageRows(ctx, all)
	})
}

// Info returns the engine's information about itself, in the shape of Docker's API.
func (h *Host) Info(ctx context.Context) (wire.Info, error) {
	return call(ctx, h, "ask for information", h.readLimit, func(ctx context.Context, e engine.Reads) (wire.Info, error) {
		return e.InfoWire(ctx)
	})
}

// RawCall is a client's request of Docker's API, to be passed on to an engine unchanged.
type RawCall struct {
	Method string
	Path   string // with the API version, if the client sent one
	Query  url.Values
	Header http.Header // sent to the engine, but with wharf's User-Agent
	Body   io.Reader   // nil: none
	Length int64       // of Body in bytes; 0 if unknown
}

// RawAnswer is an engine's answer to a RawCall, of any status.
type RawAnswer struct {
	Status int
	Header http.Header
	Length int64 // of Body in bytes; -1 if unknown
	// Body ends with the call's context. With status 101 it is the connection, an io.ReadWriteCloser. The caller closes it.
	Body io.ReadCloser
}

// Raw passes a call on to the engine, without checks, size limits or a deadline: it lasts until ctx ends. The caller closes
// the answer's body. Errors: Unavailable.
func (h *Host) Raw(ctx context.Context, c RawCall) (RawAnswer, error) {
	const doing = "pass a call on"
	if _, err := h.engine(ctx); err != nil { // a host that is known to be down isn't tried
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
