package channels

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Wire is the connection beneath a WebSocket. The library writes a message's header and body separately, and a client's masked
// body in pieces of its small buffer. Within Message, Wire sends all of these together.
type Wire struct {
	io.ReadWriteCloser

	mu    sync.Mutex
	holds int    // calls of Message that are under way
	held  []byte // written, but not sent yet
}

// maxPiece is the size up to which a write is copied, to be sent together with the next one, in bytes.
const maxPiece = 4 << 10

// Write implements io.Writer. Within a Message, small writes are held: they are sent, or fail, at its end.
func (w *Wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holds > 0 && len(p) <= maxPiece {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.send(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Message calls write, which writes a WebSocket message, and sends the message in one piece. Errors: those of write and of the
// connection.
func (w *Wire) Message(write func() error) error {
	w.mu.Lock()
	w.holds++
	w.mu.Unlock()
	err := write()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.holds--
	return errors.Join(err, w.send(nil))
}

// send sends the held bytes, then p. It fails if the client reads nothing for writeTimeout.
func (w *Wire) send(p []byte) (err error) {
	conn, isConn := w.ReadWriteCloser.(net.Conn)
	if isConn {
		_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	switch {
	case len(w.held) == 0 && len(p) == 0:
	case len(w.held) == 0:
		_, err = w.ReadWriteCloser.Write(p)
	case len(p) == 0:
		_, err = w.ReadWriteCloser.Write(w.held)
	default:
		_, err = (&net.Buffers{w.held, p}).WriteTo(w.ReadWriteCloser)
	}
	w.held = w.held[:0]
	return err
}

// The sizes of the library's own buffers, in bytes. Larger reads and writes bypass them. An idle terminal keeps them.
const (
	readBuffer  = 512
	writeBuffer = 64
)

// takeover passes the library a Wire with small buffers, instead of net/http's connection with large ones.
type takeover struct {
	http.ResponseWriter
	wire *Wire
}

// Hijack implements http.Hijacker.
func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.wire = &Wire{ReadWriteCloser: conn}
	early, _ := buffers.Reader.Peek(buffers.Reader.Buffered()) // bytes that the client sent before it had the answer
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn), max(readBuffer, len(early)))
	_, err = r.Peek(len(early)) // the library only takes over bytes that are buffered
	return &wireConn{conn, t.wire}, bufio.NewReadWriter(r, bufio.NewWriterSize(t.wire, writeBuffer)), err
}

// wireConn is a connection whose writes go through its Wire.
type wireConn struct {
	net.Conn
	wire *Wire
}

// Write implements io.Writer.
func (c *wireConn) Write(p []byte) (int, error) { return c.wire.Write(p) }
