package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// responseHead returns the answer's status line and headers, as net/http would write them. The connection ends with the answer
// and the header Connection says so, unless keepAlive is set: otherwise the client would send its next request on the
// connection, and lose it.
func responseHead(h http.Header, chunked, keepAlive bool) []byte {
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Del("Content-Length")
	h.Set("Connection", "close")
	if chunked {
		h.Set("Transfer-Encoding", "chunked")
		if keepAlive {
			h.Set("Connection", "keep-alive")
		}
	}
	var b headBuffer
	b = append(b, "HTTP/1.1 200 OK\r\n"...)
	_ = h.Write(&b)
	return append(b, "\r\n"...)
}

type headBuffer []byte

// Write implements io.Writer.
func (b *headBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// connSink writes to a connection taken over from net/http. The request, its buffers and its goroutine's deep stack are freed.
type connSink struct {
	conn    net.Conn
	raw     syscall.RawConn // of a plain TCP connection, else nil
	chunked bool
	forget  func() // stops watching for the client's disconnect
	sent    int64

	// The argument and the results of try's one system call. once is made only once: a new closure for each write would be
	// garbage.
	next   []byte
	wrote  int
	failed error
	once   func(fd uintptr)
}

func newConnSink(conn net.Conn, chunked bool) *connSink {
	c := &connSink{conn: conn, chunked: chunked}
	tcp := conn
	if secure, ok := conn.(*tls.Conn); ok {
		tcp = secure.NetConn()
	}
	plain, ok := tcp.(syscall.Conn)
	if !ok {
		return c
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return c
	}
	limitSilence(raw)
	if tcp == conn { // a write to a TLS connection must pass its cipher
		c.raw = raw
		c.once = func(fd uintptr) { c.wrote, c.failed = tryWrite(fd, c.next) }
	}
	return c
}

// serve sends the head and the greeting. Then it passes the stream to the pool if the connection can be written to and watched
// without a goroutine, else to a goroutine of the stream.
func (c *connSink) serve(s *stream, head []byte, r *registry) {
	s.out = c
	forget, watched := r.disconnects.watch(c.raw, s.hangUp)
	if !watched {
		forget = c.read(s)
	}
	c.forget = forget
	err := c.write(head, s.stall)
	if err == nil {
		err = s.writeText(s.format.greeting())
	}
	switch {
	case err != nil:
		s.ended(err)
	case watched:
		s.pool = &r.pool
		s.pool.add(s)
	default:
		s.wake = make(chan struct{}, 1)
		go func() { s.ended(s.run(context.Background())) }()
	}
}

func (c *connSink) bytes() int64 { return c.sent }

// close ends the answer, in order if possible, and closes the connection.
func (c *connSink) close(why error) {
	if errors.Is(why, errEnded) && c.chunked {
		_ = c.conn.SetWriteDeadline(time.Now().Add(closeTimeout))
		_, _ = c.conn.Write([]byte("0\r\n\r\n"))
	}
	c.forget()
	_ = c.conn.Close()
}

// read reads from the connection until that fails: a client sends nothing more, so the error means that it is gone. wait stops
// the reading and waits for its end.
func (c *connSink) read(s *stream) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := make([]byte, 64); ; { // io.Copy would keep 8 KiB for each client
			if _, err := c.conn.Read(b); err != nil {
				break
			}
		}
		s.hangUp()
	}()
	return func() {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
		<-done
	}
}

// try makes one write that doesn't block. It needs no deadline and no timer, and is enough for nearly every batch.
func (c *connSink) try(b []byte) (rest []byte, err error) {
	if c.chunked {
		b = asChunk(b)
	} else {
		b = b[chunkPrefix:]
	}
	if c.raw == nil {
		return b, nil
	}
	c.next, c.wrote, c.failed = b, 0, nil
	err = c.raw.Control(c.once)
	c.next = nil
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errClient, err)
	case errors.Is(c.failed, errWouldWait):
		return b, nil
	case c.failed != nil:
		return nil, fmt.Errorf("%w: %w", errClient, c.failed)
	}
	c.sent += int64(c.wrote)
	return b[c.wrote:], nil
}

// asChunk puts the length of the data into the chunkPrefix bytes in front of it (RFC 9112, section 7.1; leading zeros are
// allowed), and appends a line end.
func asChunk(b []byte) []byte {
	const digits = "0123456789abcdef"
	n := len(b) - chunkPrefix
	for i := chunkPrefix - 3; i >= 0; i-- {
		b[i] = digits[n&15]
		n >>= 4
	}
	b[chunkPrefix-2], b[chunkPrefix-1] = '\r', '\n'
	return append(b, "\r\n"...)
}

func (c *connSink) write(rest []byte, stall time.Duration) error {
	for len(rest) > 0 {
		if err := c.conn.SetWriteDeadline(time.Now().Add(stall)); err != nil {
			return fmt.Errorf("%w: set the deadline: %w", errClient, err)
		}
		n, err := c.conn.Write(rest[:min(len(rest), batchBytes)])
		c.sent += int64(n)
		if err != nil {
			return fmt.Errorf("%w: %w", errClient, err)
		}
		rest = rest[n:]
	}
	if err := c.conn.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("%w: lift the deadline: %w", errClient, err)
	}
	return nil
}

func (c *connSink) interrupt() { _ = c.conn.SetWriteDeadline(time.Unix(1, 0)) }
