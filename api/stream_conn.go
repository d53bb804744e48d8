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
// client costs a few KiB. On HTTP/2 it returns at the stream's end. It closes sub, and calls
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
			out := &connSink{conn: conn, chunked: r.ProtoMinor > 0}
			es.out = out
			head := responseHead(h, out.chunked)
			info := infoOf(r)
			info.later = true
			go func() {
				defer end()
				out.serve(es, head, s.live.hangups)
				s.logRequest(info, http.StatusOK, out.sent)
			}()
			return
		}
	}
	defer end()
	es.out = &responseSink{w, rc}
	w.WriteHeader(http.StatusOK)
	gone := context.AfterFunc(r.Context(), es.sub.Close)
	defer gone()
	_ = es.run(r.Context())
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
	sent    int64 // bytes
}

// serve sends the head, then the stream.
func (c *connSink) serve(es *eventStream, head []byte, watcher *hangups) {
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		c.raw, _ = tcp.SyscallConn()
	}
	forget, ok := watcher.watch(c.raw, es.sub.Close)
	if !ok {
		forget = c.read(es)
	}
	defer func() {
		if ok {
			forget()
		}
		_ = c.conn.Close()
		if !ok {
			forget()
		}
	}()
	if c.write(head, time.Now().Add(stallLimit)) != nil {
		return
	}
	if es.run(context.Background()) != nil && c.chunked {
		_ = c.conn.SetWriteDeadline(time.Now().Add(farewell))
		_, _ = c.conn.Write([]byte("0\r\n\r\n"))
	}
}

// read reads what a client never sends, which tells when it is gone. The function waits for the
// end of that; close the connection first.
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
	return func() { <-done }
}

// try makes one write that doesn't wait, past the deadlines and timers that waiting needs: it is
// what nearly every frame takes.
func (c *connSink) try(b []byte) (rest []byte, err error) {
	if c.chunked {
		copy(b, fmt.Appendf(b[:0:0], "%08x\r\n", len(b)-sinkRoom))
		b = append(b, "\r\n"...)
	} else {
		b = b[sinkRoom:]
	}
	if c.raw == nil {
		return b, nil
	}
	var wrote int
	var failed error
	err = c.raw.Write(func(fd uintptr) bool {
		wrote, failed = tryWrite(fd, b)
		return true
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("write to the client: %w", err)
	case errors.Is(failed, errWouldWait):
		return b, nil
	case failed != nil:
		return nil, fmt.Errorf("write to the client: %w", failed)
	}
	c.sent += int64(wrote)
	return b[wrote:], nil
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
	return nil
}

func (o *responseSink) interrupt() { _ = o.rc.SetWriteDeadline(time.Unix(1, 0)) }
