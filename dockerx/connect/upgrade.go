package connect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
)

// Conn is a connection to an engine that was upgraded from HTTP. Reading and writing may happen concurrently, and Close may
// be called at any time.
type Conn struct {
	net.Conn // over ssh it has no deadlines: SetDeadline, SetReadDeadline and SetWriteDeadline return an error
	// ContentType is the answer's. It distinguishes framed output (application/vnd.docker.multiplexed-stream, from API
	// 1.42 on) from a raw stream.
	ContentType string

	r    io.Reader   // begins with the bytes that were read together with the answer's header
	stop func() bool // stops closing the connection at the context's end
}

// Read reads the engine's output.
func (c *Conn) Read(p []byte) (int, error) { return c.r.Read(p) }

// CloseWrite closes the direction to the engine, which ends the process's standard input; reading continues. Errors:
// errors.ErrUnsupported.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close closes the connection, in both directions.
func (c *Conn) Close() error {
	c.stop()
	if err := c.Conn.Close(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil // io.EOF: an ssh channel that the server closed before
}

// Upgrade sends a request for the connection itself (Connection: Upgrade, Upgrade: tcp), for attach and exec. It returns the
// connection after the engine has answered 101, or, as older engines do, 200 without an end. The connection is closed when
// ctx ends, or by the caller. Request.Limit is ignored: reading is unlimited. Errors: *StatusError, *FaultError.
func (t *Transport) Upgrade(ctx context.Context, r Request) (*Conn, error) {
	req, err := t.request(ctx, r)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "tcp")
	dial := t.dialRaw
	if t.certs != nil {
		dial = t.dialTLS
	}
	raw, err := dial(ctx, "tcp", t.authority)
	if err != nil {
		return nil, &FaultError{KindOf(err), err}
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	c, err := takeOver(raw, t.authorized(req))
	if err == nil && ctx.Err() == nil {
		c.stop = stop
		return c, nil
	}
	stop()
	_ = raw.Close()
	if ctx.Err() != nil {
		return nil, &FaultError{KindOf(context.Cause(ctx)), context.Cause(ctx)}
	}
	return nil, err
}

// takeOver sends the request and reads the answer's header.
func takeOver(raw net.Conn, req *http.Request) (*Conn, error) {
	if err := req.Write(raw); err != nil {
		return nil, &FaultError{KindOf(err), err}
	}
	limited := &io.LimitedReader{R: raw, N: maxHeaderBytes}
	r := bufio.NewReader(limited)
	resp, err := http.ReadResponse(r, req) //nolint:bodyclose // the connection is the body, or is closed
	if err != nil {
		return nil, &FaultError{KindOf(err), fmt.Errorf("read the answer to an upgrade: %w", err)}
	}
	limited.N = math.MaxInt64
	endless := resp.ContentLength < 0 && len(resp.TransferEncoding) == 0
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols, resp.StatusCode == http.StatusOK && endless:
		c := &Conn{Conn: raw, ContentType: strings.Clone(resp.Header.Get("Content-Type")), r: r}
		if r.Buffered() == 0 { // the buffer isn't needed any more
			c.r = raw
		}
		return c, nil
	case resp.StatusCode < http.StatusMultipleChoices:
		return nil, &FaultError{FaultProtocol, fmt.Errorf("status %d to an upgrade, without the connection", resp.StatusCode)}
	case isRedirect(resp.StatusCode):
		return nil, redirected(resp.StatusCode)
	}
	return nil, readStatusError(resp)
}
