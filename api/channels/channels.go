// Package channels implements v5.channel.k8s.io, the WebSocket subprotocol of Kubernetes' tools for terminals: each message is
// binary, and its first byte is the channel.
//
// Job. Accept upgrades a request. Serve passes the client's messages to a Process, Writer sends its output, and End sends its
// status. Text messages are rejected, since a character that is split over two of them would be invalid.
//
// Owner. The code that accepted a connection serves it to its end. No goroutine is left after that.
//
// Limits. A client's message has at most 1 MiB. A client that reads nothing for 10 s, or answers no ping for 30 s, is cut off.
// WebSockets are supported over HTTP/1.1 only.
//
// Source: kubernetes/kubernetes staging/src/k8s.io/apimachinery/pkg/util/remotecommand and
// client-go/tools/remotecommand/websocket.go.
package channels

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Protocol is the subprotocol's name.
const Protocol = "v5.channel.k8s.io"

// The channels: a message's first byte.
const (
	Stdin  byte = 0
	Stdout byte = 1
	Stderr byte = 2
	Error  byte = 3   // one JSON status, at the end
	Resize byte = 4   // {"Width":80,"Height":24}
	Close  byte = 255 // ends the channel that the next byte names
)

const (
	maxMessage   = 1 << 20
	writeTimeout = 10 * time.Second
	pingEvery    = 15 * time.Second
)

// Process receives the contents of a client's messages.
type Process interface {
	Input(p []byte) error
	CloseInput() error
	Resize(ctx context.Context, columns, rows uint16) error
}

// Status is the message of the error channel at the end: a part of Kubernetes' metav1.Status.
type Status struct {
	Status  string   `json:"status"` // Success or Failure
	Message string   `json:"message,omitempty"`
	Reason  string   `json:"reason,omitempty"` // NonZeroExitCode, or InternalError if the process did not exit
	Details *Details `json:"details,omitempty"`
}

// Details holds the exit code of a failure.
type Details struct {
	Causes []Cause `json:"causes"`
}

// Cause is one detail, such as {"reason":"ExitCode","message":"3"}.
type Cause struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Exited returns the status of a process that exited.
func Exited(code int) Status {
	if code == 0 {
		return Status{Status: "Success"}
	}
	text := strconv.Itoa(code)
	return Status{
		Status: "Failure", Reason: "NonZeroExitCode", Message: "command terminated with exit code " + text,
		Details: &Details{Causes: []Cause{{Reason: "ExitCode", Message: text}}},
	}
}

// Ended returns the status of a terminal that ended for another reason.
func Ended(reason string) Status {
	return Status{Status: "Failure", Reason: "InternalError", Message: reason}
}

// Conn is a client's connection.
type Conn struct {
	ws   *websocket.Conn
	wire *Wire
	held atomic.Bool // set while a process doesn't read its input: then pongs can't be received either
	over atomic.Bool // End was called
}

// ErrNoUpgrade is Check's error for a request that doesn't ask for such a WebSocket.
var ErrNoUpgrade = errors.New("expected a WebSocket upgrade with the subprotocol " + Protocol)

// Check returns nil if a request asks for a WebSocket with this protocol, else ErrNoUpgrade.
func Check(r *http.Request) error {
	upgrade := headerHas(r.Header, "Connection", "upgrade") && headerHas(r.Header, "Upgrade", "websocket")
	if r.ProtoMajor != 1 || !upgrade || !headerHas(r.Header, "Sec-WebSocket-Protocol", Protocol) {
		return ErrNoUpgrade
	}
	return nil
}

// Accept upgrades a request. Callers must have called Check and verified the request's origin.
func Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	t := &takeover{ResponseWriter: w}
	ws, err := websocket.Accept(t, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	return &Conn{ws: ws, wire: t.wire}, nil
}

// Serve passes the client's messages to p until the client leaves, and then calls left.
func (c *Conn) Serve(p Process, left func()) {
	defer left()
	c.keepAlive(left)
	reader := Reader{WS: c.ws}
	for {
		kind, message, err := reader.Next(context.Background()) // until End
		if err != nil {
			return
		}
		if kind != websocket.MessageBinary {
			_ = c.ws.Close(websocket.StatusUnsupportedData, "messages must be binary: the first byte is the channel")
			return
		}
		if c.receive(p, message) != nil {
			return
		}
	}
}

// keepAlive pings the client regularly, so that a vanished client is noticed and proxies keep the connection open. Between two
// pings it needs a timer but no goroutine.
func (c *Conn) keepAlive(left func()) {
	time.AfterFunc(pingEvery, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*pingEvery)
		defer cancel()
		switch {
		case c.over.Load():
		case !c.held.Load() && c.ws.Ping(ctx) != nil && !c.held.Load():
			left()
		default:
			c.keepAlive(left)
		}
	})
}

// receive handles one message. Messages of unknown channels are ignored, since newer versions of the protocol may have more.
func (c *Conn) receive(p Process, message []byte) error {
	if len(message) == 0 {
		return nil
	}
	switch body := message[1:]; message[0] {
	case Stdin:
		c.held.Store(true)
		defer c.held.Store(false)
		return p.Input(body)
	case Close:
		if len(body) == 1 && body[0] == Stdin {
			return p.CloseInput()
		}
	case Resize:
		var size struct{ Width, Height uint16 }
		if json.Unmarshal(body, &size) == nil {
			return p.Resize(context.Background(), size.Width, size.Height)
		}
	}
	return nil
}

// Writer returns a writer to one channel. A write fails if the client is gone or reads nothing for 10 s.
func (c *Conn) Writer(channel byte) *Writer { return &Writer{c, []byte{channel}} }

// Writer sends each Write as one message.
type Writer struct {
	c       *Conn
	message []byte // reused by each call
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	w.message = append(w.message[:1], p...)
	err := w.c.wire.Message(func() error { return w.c.ws.Write(context.Background(), websocket.MessageBinary, w.message) })
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// End sends the status and closes the connection, with a closing handshake if the client answers soon.
func (c *Conn) End(s Status) {
	c.over.Store(true)
	// A client that neither reads nor answers could delay this for a whole write timeout: cut it off after a second.
	late := time.AfterFunc(time.Second, func() { _ = c.ws.CloseNow() })
	defer late.Stop()
	if b, err := json.Marshal(s); err == nil {
		_, _ = c.Writer(Error).Write(b)
	}
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
}
