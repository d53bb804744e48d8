package dockerapi

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"wharf/api/stream"
	"wharf/dockerx"
	"wharf/service/terminal"
)

// writeTime is how long a write waits for a client that takes none of an exec's output.
const writeTime = 10 * time.Second

// hijacked is a client's connection that carries a command's input and output.
type hijacked struct {
	w http.ResponseWriter
	r *http.Request

	framed      bool // stdout and stderr are sent in frames
	multiplexed bool // the client knows the media type of frames

	conn net.Conn      // nil before takeOver
	in   *bufio.Reader // begins with the bytes that came with the request
	mu   sync.Mutex    // guards writes
	buf  []byte
}

// takeOver takes over the connection and sends the head of the answer that the client requested.
func (h *hijacked) takeOver() error {
	conn, rw, err := http.NewResponseController(h.w).Hijack()
	if err != nil {
		return err
	}
	h.conn, h.in = conn, rw.Reader
	kind := stream.Raw
	if h.framed && h.multiplexed {
		kind = stream.Frames
	}
	head := "HTTP/1.1 200 OK\r\nContent-Type: " + kind.Type() + "\r\n\r\n"
	if strings.EqualFold(h.r.Header.Get("Upgrade"), "tcp") {
		head = "HTTP/1.1 101 UPGRADED\r\nContent-Type: " + kind.Type() + "\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
	}
	_ = conn.SetDeadline(time.Time{})
	if err := h.write([]byte(head)); err != nil {
		h.close()
	}
	return nil // the connection is taken: an error can't be answered any more
}

func (h *hijacked) write(b []byte) error {
	if err := h.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := h.conn.Write(b)
	return err
}

// input copies the client's bytes to the command. When the client closes its half of the connection, the command's input is
// closed. With a TTY the client counts as gone instead, since a terminal's input can't be closed separately.
func (h *hijacked) input(t *terminal.Terminal, command dockerx.Command) {
	b := make([]byte, 4<<10)
	for {
		n, err := h.in.Read(b)
		if n > 0 && command.Input && t.Input(b[:n]) != nil {
			return
		}
		switch {
		case err == nil:
		case err != io.EOF, command.TTY && command.Input:
			t.Leave()
			return
		default:
			_ = t.CloseInput()
			return
		}
	}
}

// writer returns a writer for a command's stdout or stderr. If wanted is false, it discards everything.
func (h *hijacked) writer(wanted, stderr bool) io.Writer {
	if !wanted {
		return io.Discard
	}
	return &frameWriter{h, stderr}
}

type frameWriter struct {
	h      *hijacked
	stderr bool
}

// Write implements io.Writer.
func (w *frameWriter) Write(p []byte) (int, error) {
	h := w.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.framed {
		return len(p), h.write(p)
	}
	h.buf = append(stream.AppendFrameHead(h.buf[:0], w.stderr, len(p)), p...)
	return len(p), h.write(h.buf)
}

// close closes the connection. The client can still read everything that was written.
func (h *hijacked) close() { _ = h.conn.Close() }
