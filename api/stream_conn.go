package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// serveStream answers with an event stream. On HTTP/1.1 it takes the connection over and
// returns at once: the request, its buffers and its goroutine's deep stack are let go, and a
// client costs a few KiB. On HTTP/2 it returns at the stream's end. It closes es.sub, and calls
// forget at the end.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request, es *eventStream, forget func()) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	s.streams.Add(1)
	leave := s.live.enter(es, s.ending)
	end := func() {
		es.sub.Close()
		forget()
		leave()
		s.streams.Done()
	}
	rc := http.NewResponseController(w)
	if r.ProtoMajor == 1 {
		if conn, _, err := rc.Hijack(); err == nil {
			out := newConnSink(conn, r.ProtoMinor > 0)
			info := infoOf(r)
			info.later = true
			es.out = out
			es.ended = func(err error) {
				es.crew.aside(func() { out.close(err) })
				end()
				s.logRequest(info, http.StatusOK, out.sent)
			}
			out.serve(es, responseHead(h, out.chunked), &s.live)
			return
		}
	}
	defer end()
	es.out, es.alone = &responseSink{w, rc}, make(chan struct{}, 1)
	w.WriteHeader(http.StatusOK)
	gone := context.AfterFunc(r.Context(), es.sub.Close)
	defer gone()
	if es.writeText(greeting) == nil {
		_ = es.run(r.Context())
	}
}

// responseHead is the answer's status line and headers, as net/http would write them.
func responseHead(h http.Header, chunked bool) []byte {
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Del("Content-Length")
	if chunked {
		h.Set("Connection", "keep-alive")
		h.Set("Transfer-Encoding", "chunked")
	} else {
		h.Set("Connection", "close")
	}
	var b headBuffer
	b = append(b, "HTTP/1.1 200 OK\r\n"...)
	_ = h.Write(&b)
	return append(b, "\r\n"...)
}

type headBuffer []byte

func (b *headBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// connSink writes to a connection of its own.
type connSink struct {
	conn    net.Conn
	raw     syscall.RawConn // of a plain TCP connection, else nil
	chunked bool
	forget  func() // ends the watching for the client's leaving
	sent    int64  // bytes

	// What try gives to its one system call, and gets. The function is made once: a new one for
	// each frame is garbage.
	next   []byte
	wrote  int
	failed error
	once   func(fd uintptr)
}

func newConnSink(conn net.Conn, chunked bool) *connSink {
	c := &connSink{conn: conn, chunked: chunked}
	if plain, ok := conn.(syscall.Conn); ok { // TLS connections are none
		c.raw, _ = plain.SyscallConn()
		c.once = func(fd uintptr) { c.wrote, c.failed = tryWrite(fd, c.next) }
	}
	return c
}

// serve sends the head and the greeting, then leaves the stream to the crew if the connection
// can be written to and watched without a goroutine, else to one of its own.
func (c *connSink) serve(es *eventStream, head []byte, live *liveStreams) {
	forget, watched := live.hangups.watch(c.raw, es.sub.Close)
	if !watched {
		forget = c.read(es)
	}
	c.forget = forget
	err := c.write(head, time.Now().Add(stallLimit))
	if err == nil {
		err = es.writeText(greeting)
	}
	switch {
	case err != nil:
		es.ended(err)
	case watched:
		es.crew = &live.crew
		es.crew.add(es)
	default:
		es.alone = make(chan struct{}, 1)
		go func() { es.ended(es.run(context.Background())) }()
	}
}

// close ends the answer in order where that is possible, and the connection.
func (c *connSink) close(why error) {
	if errors.Is(why, errStreamEnded) && c.chunked {
		_ = c.conn.SetWriteDeadline(time.Now().Add(farewell))
		_, _ = c.conn.Write([]byte("0\r\n\r\n"))
	}
	c.forget()
	_ = c.conn.Close()
}

// read reads what a client never sends, which tells when it is gone. The function waits for the
// end of that.
func (c *connSink) read(es *eventStream) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := make([]byte, 64); ; { // io.Copy would keep 8 KiB for each client
			if _, err := c.conn.Read(b); err != nil {
				break
			}
		}
		es.sub.Close()
	}()
	return func() {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
		<-done
	}
}

// try makes one write that doesn't wait, past the deadlines and timers that waiting needs: it is
// what nearly every frame takes.
func (c *connSink) try(b []byte) (rest []byte, err error) {
	if c.chunked {
		b = asChunk(b)
	} else {
		b = b[sinkRoom:]
	}
	if c.raw == nil {
		return b, nil
	}
	c.next, c.wrote, c.failed = b, 0, nil
	err = c.raw.Control(c.once)
	c.next = nil
	switch {
	case err != nil:
		return nil, fmt.Errorf("write to the client: %w", err)
	case errors.Is(c.failed, errWouldWait):
		return b, nil
	case c.failed != nil:
		return nil, fmt.Errorf("write to the client: %w", c.failed)
	}
	c.sent += int64(c.wrote)
	return b[c.wrote:], nil
}

// asChunk puts the length of what follows sinkRoom into it (RFC 9112, section 7.1; leading
// zeros are allowed), and a line end behind it.
func asChunk(b []byte) []byte {
	const digits = "0123456789abcdef"
	n := len(b) - sinkRoom
	for i := sinkRoom - 3; i >= 0; i-- {
		b[i] = digits[n&15]
		n >>= 4
	}
	b[sinkRoom-2], b[sinkRoom-1] = '\r', '\n'
	return append(b, "\r\n"...)
}

func (c *connSink) write(rest []byte, deadline time.Time) error {
	if err := c.conn.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("set the write deadline: %w", err)
	}
	n, err := c.conn.Write(rest)
	c.sent += int64(n)
	if err != nil {
		return fmt.Errorf("write to the client: %w", err)
	}
	if err := c.conn.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the write deadline: %w", err)
	}
	return nil
}

func (c *connSink) interrupt() { _ = c.conn.SetWriteDeadline(time.Unix(1, 0)) }

// responseSink writes through net/http, for HTTP/2.
type responseSink struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (o *responseSink) try(b []byte) (rest []byte, err error) { return b[sinkRoom:], nil }

func (o *responseSink) write(rest []byte, deadline time.Time) error {
	_ = o.rc.SetWriteDeadline(deadline) // not supported by test recorders
	if _, err := o.w.Write(rest); err != nil {
		return fmt.Errorf("write to the client: %w", err)
	}
	if err := o.rc.Flush(); err != nil {
		return fmt.Errorf("flush to the client: %w", err)
	}
	_ = o.rc.SetWriteDeadline(time.Time{}) // HTTP/2 resets a stream whose deadline passes, though nothing waits
	return nil
}

func (o *responseSink) interrupt() { _ = o.rc.SetWriteDeadline(time.Unix(1, 0)) }
