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

// maxTerminalMessage is the most that one message of a terminal may have, in bytes.
const maxTerminalMessage = 2 << 20

// Terminal is a terminal in a container, opened with a ticket of ExecInContainer or AttachContainer. Writing, resizing
// and Run may go on at the same time.
type Terminal struct {
	ctx  context.Context //nolint:containedctx // the connection's life
	ws   *websocket.Conn
	wire *channels.Wire

	mu  sync.Mutex
	out []byte // the message that is being sent, kept from call to call
}

// OpenTerminal uses up a ticket; address is the URL that came with it. The terminal ends with ctx, at the latest. Errors:
// *Error where the ticket isn't good any more.
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

// wired puts a Wire beneath the connection that an upgrade yields.
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

// Write sends input.
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

// inputBytes is how much of a long input one message has.
const inputBytes = 64 << 10

// ReadFrom sends input until it ends; io.Copy uses it.
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

// CloseInput ends the process's standard input.
func (t *Terminal) CloseInput() error { return t.send(channels.Close, []byte{channels.Stdin}) }

// Resize sets the size, in characters.
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

// Run writes output and errors (with a TTY: all to out) until the process ends, and returns its exit code. An error
// says why the terminal ended otherwise, in the server's words where it gave some. Run is called once.
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
