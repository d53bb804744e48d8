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

// writeTime is how long a client may take none of an exec's output.
const writeTime = 10 * time.Second

// hijacked is a client's connection that becomes a command's input and output.
type hijacked struct {
	w http.ResponseWriter
	r *http.Request

	framed      bool // output and errors come in frames
	multiplexed bool // and the client knows that type

	conn net.Conn      // nil until it is taken
	in   *bufio.Reader // begins with what came with the request
	mu   sync.Mutex    // of writes
	buf  []byte
}

// take takes the connection over and sends the answer's head, as the client asked for it.
func (h *hijacked) take() error {
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
	return nil // there is no answering any more
}

func (h *hijacked) write(b []byte) error {
	if err := h.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := h.conn.Write(b)
	return err
}

// input carries what the client sends to the command. The end of a client's half of the connection is the end of the
// command's input; of a terminal's it is the client's own, since a terminal has no other end.
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

// writer returns what sends a command's output or errors; wanted is false where the client takes none.
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

// close ends the connection: the client reads to the end what was written.
func (h *hijacked) close() { _ = h.conn.Close() }
