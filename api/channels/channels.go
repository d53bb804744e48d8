// Package channels speaks v5.channel.k8s.io, the WebSocket subprotocol in which Kubernetes' tools carry a terminal:
// each message is binary, its first byte is the channel.
//
// Job. Accept upgrades a request and Serve moves bytes between the client and a Process, until one of them ends. Text
// messages are refused, since they break on a character that is cut in two.
//
// Owner. The handler that accepted a connection serves it to its end; nothing is left behind then.
//
// Limits. A message of the client has at most 1 MiB. A client that takes nothing for 10 s, or answers no ping for 30 s,
// is cut off. WebSockets go over HTTP/1.1 alone.
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

// Process is what a client's messages go to.
type Process interface {
	Input(p []byte) error
	CloseInput() error
	Resize(ctx context.Context, columns, rows uint16) error
}

// Status is what the error channel says at the end: a part of Kubernetes' metav1.Status.
type Status struct {
	Status  string   `json:"status"` // Success or Failure
	Message string   `json:"message,omitempty"`
	Reason  string   `json:"reason,omitempty"` // NonZeroExitCode, or InternalError where the process did not end by itself
	Details *Details `json:"details,omitempty"`
}

// Details names the exit code of a failure.
type Details struct {
	Causes []Cause `json:"causes"`
}

// Cause is one detail, as {"reason":"ExitCode","message":"3"}.
type Cause struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Exited is the status of a process that ended.
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

// Ended is the status of a terminal that ended for another reason.
func Ended(reason string) Status {
	return Status{Status: "Failure", Reason: "InternalError", Message: reason}
}

// Conn is a client's connection.
type Conn struct {
	ws   *websocket.Conn
	wire *Wire
	held atomic.Bool // a process that reads nothing holds up the client's messages, pongs among them
	over atomic.Bool // End was called
}

// ErrNoUpgrade is Check's for a request that asks for no WebSocket.
var ErrNoUpgrade = errors.New("expected a WebSocket upgrade with the subprotocol " + Protocol)

// Check reports, as nil, whether a request asks for a WebSocket with this protocol.
func Check(r *http.Request) error {
	upgrade := headerHas(r.Header, "Connection", "upgrade") && headerHas(r.Header, "Upgrade", "websocket")
	if r.ProtoMajor != 1 || !upgrade || !headerHas(r.Header, "Sec-WebSocket-Protocol", Protocol) {
		return ErrNoUpgrade
	}
	return nil
}

// Accept upgrades a request that Check found good and whose origin was checked.
func Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	t := &takeover{ResponseWriter: w}
	ws, err := websocket.Accept(t, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	return &Conn{ws: ws, wire: t.wire}, nil
}

// Serve sends the client's messages to p until the client leaves, and calls left then.
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

// keepAlive pings now and then, so that a client that is gone without a word is noticed, and proxies keep the
// connection. Between two pings it costs a timer and no goroutine.
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

// receive handles one message. Messages of other channels are ignored, as the protocol's newer versions may have more.
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

// Writer returns a writer to one channel. Its errors say that the client is gone, or took nothing for 10 s.
func (c *Conn) Writer(channel byte) *Writer { return &Writer{c, []byte{channel}} }

// Writer sends each Write as one message.
type Writer struct {
	c       *Conn
	message []byte // kept from call to call
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

// End sends the status and closes the connection, in order where the client answers soon.
func (c *Conn) End(s Status) {
	c.over.Store(true)
	// A client that neither reads nor answers would take as long as a write may: after a second the connection is cut.
	late := time.AfterFunc(time.Second, func() { _ = c.ws.CloseNow() })
	defer late.Stop()
	if b, err := json.Marshal(s); err == nil {
		_, _ = c.Writer(Error).Write(b)
	}
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
}
