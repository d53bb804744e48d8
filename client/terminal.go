package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/coder/websocket"

	"wharf/api/channels"
)

// maxTerminalMessage is the maximum size of a message of a terminal, in bytes.
const maxTerminalMessage = 2 << 20

// Terminal is a terminal in a container, opened with a ticket of ExecInContainer or AttachContainer. Write, Resize and Run may
// be called concurrently.
type Terminal struct {
	ctx  context.Context //nolint:containedctx // the connection's life
	ws   *websocket.Conn
	wire *channels.Wire

	mu  sync.Mutex
	out []byte // the message being sent; the buffer is reused
}

// OpenTerminal opens a terminal with a ticket, which is used up by it; address is the ticket's URL. The terminal ends with ctx at
// the latest. Errors: *Error if the ticket isn't valid any more.
func (c *Client) OpenTerminal(ctx context.Context, address string) (*Terminal, error) {
	wired := &wired{base: c.o.Transport}
	ws, resp, err := websocket.Dial(ctx, c.base+address, &websocket.DialOptions{ //nolint:bodyclose // the package closes it
		HTTPClient: &http.Client{Transport: wired, CheckRedirect: c.http.CheckRedirect}, Subprotocols: []string{channels.Protocol},
	})
	if err != nil && resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, failureOf(resp)
	}
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	ws.SetReadLimit(maxTerminalMessage)
	return &Terminal{ctx: ctx, ws: ws, wire: wired.wire}, nil
}

// wired is a transport that wraps the connection of an upgrade in a Wire.
type wired struct {
	base http.RoundTripper
	wire *channels.Wire
}

// RoundTrip implements http.RoundTripper.
func (t *wired) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := cmp.Or(t.base, http.DefaultTransport).RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		t.wire = &channels.Wire{ReadWriteCloser: conn}
		resp.Body = t.wire
	}
	return resp, nil
}

// Write sends input to the process.
func (t *Terminal) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part := rest[:min(len(rest), inputBytes)]
		if err := t.send(channels.Stdin, part); err != nil {
			return len(p) - len(rest), err
		}
		rest = rest[len(part):]
	}
	return len(p), nil
}

// inputBytes is the maximum number of bytes of input in one message.
const inputBytes = 64 << 10

// ReadFrom sends input until r ends. It implements io.ReaderFrom for io.Copy.
func (t *Terminal) ReadFrom(r io.Reader) (sent int64, err error) {
	for buf := make([]byte, inputBytes); ; {
		n, err := r.Read(buf)
		if n > 0 {
			if err := t.send(channels.Stdin, buf[:n]); err != nil {
				return sent, err
			}
			sent += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
}

// CloseInput closes the process's standard input.
func (t *Terminal) CloseInput() error { return t.send(channels.Close, []byte{channels.Stdin}) }

// Resize sets the terminal's size, in characters.
func (t *Terminal) Resize(columns, rows int) error {
	b, err := json.Marshal(map[string]int{"Width": columns, "Height": rows})
	if err != nil {
		return err
	}
	return t.send(channels.Resize, b)
}

func (t *Terminal) send(channel byte, body []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out = append(append(t.out[:0], channel), body...)
	return t.wire.Message(func() error { return t.ws.Write(t.ctx, websocket.MessageBinary, t.out) })
}

// Run copies the process's output to out and errs (with a TTY: all to out) until it ends, and returns its exit code. An error says
// why the terminal ended without one, in the server's words if it sent any. Run may be called once.
func (t *Terminal) Run(out, errs io.Writer) (code int, err error) {
	defer t.Close()
	reader := channels.Reader{WS: t.ws}
	for {
		_, message, err := reader.Next(t.ctx)
		if err != nil {
			return 0, fmt.Errorf("read from the terminal: %w", err)
		}
		if len(message) == 0 {
			continue
		}
		body := message[1:]
		switch message[0] {
		case channels.Stdout:
			_, err = out.Write(body)
		case channels.Stderr:
			_, err = errs.Write(body)
		case channels.Error:
			return exitCode(body)
		}
		if err != nil {
			return 0, err
		}
	}
}

func exitCode(body []byte) (int, error) {
	var s channels.Status
	if err := json.Unmarshal(body, &s); err != nil {
		return 0, fmt.Errorf("decode a terminal's status: %w", err)
	}
	if s.Status == "Success" {
		return 0, nil
	}
	if s.Details != nil {
		for _, cause := range s.Details.Causes {
			if code, err := strconv.Atoi(cause.Message); cause.Reason == "ExitCode" && err == nil {
				return code, nil
			}
		}
	}
	return 0, errors.New(s.Message)
}

// Close ends the terminal.
func (t *Terminal) Close() error { return t.ws.CloseNow() }
