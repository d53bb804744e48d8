package benchkit

import (
	"bufio"
	"crypto/tls"
	be "encoding/binary"
	"io"
	"net"
	"time"
)

// Types of HTTP/2 frames.
const (
	H2Data     = 0
	H2Headers  = 1
	H2Reset    = 3
	H2Settings = 4
	H2GoAway   = 7
)

// H2 is an HTTP/2 client that can do what libraries don't: grant no window, and leave out bodies.
type H2 struct {
	net.Conn
	r *bufio.Reader
}

// DialH2 opens a connection over TLS, and accepts any certificate. window is the window of each stream. Reads and writes fail after
// the limit; the caller may set another deadline.
func DialH2(addr string, window uint32, limit time.Duration) (*H2, error) {
	plain, err := net.DialTimeout("tcp", addr, limit)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) //nolint:gosec // a server of this test
	_ = conn.SetDeadline(time.Now().Add(limit))
	h := &H2{Conn: conn, r: bufio.NewReader(conn)}
	settings := be.BigEndian.AppendUint32([]byte{0, 4}, window)
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		return nil, err
	}
	return h, h.Send(H2Settings, 0, 0, settings)
}

// Send sends a frame.
func (h *H2) Send(typ, flags byte, stream uint32, payload []byte) error {
	n := len(payload)
	frame := []byte{byte(n >> 16), byte(n >> 8), byte(n), typ, flags}
	frame = be.BigEndian.AppendUint32(frame, stream)
	_, err := h.Write(append(frame, payload...))
	return err
}

// Ask sends a request's header. With body the stream stays open for a body.
func (h *H2) Ask(stream uint32, method, path, token string, body bool) error {
	fields := [][2]string{{":method", method}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}}
	if token != "" {
		fields = append(fields, [2]string{"authorization", "Bearer " + token})
	}
	flags := byte(4 | 1) // END_HEADERS and END_STREAM
	if body {
		flags = 4
		fields = append(fields, [2]string{"content-type", "application/json"}, [2]string{"content-length", "100"})
	}
	var block []byte
	for _, f := range fields {
		block = append(block, 0) // a literal without indexing
		block = appendHPACK(block, f[0])
		block = appendHPACK(block, f[1])
	}
	return h.Send(H2Headers, flags, stream, block)
}

// appendHPACK appends a string without Huffman coding: its length with a 7-bit prefix, then the string.
func appendHPACK(b []byte, s string) []byte {
	n := len(s)
	if n < 127 {
		return append(append(b, byte(n)), s...)
	}
	b, n = append(b, 127), n-127
	for ; n >= 128; n >>= 7 {
		b = append(b, byte(n)|128)
	}
	return append(append(b, byte(n)), s...)
}

// H2Frame is a frame that the server sent.
type H2Frame struct {
	Type, Flags byte
	Stream      uint32
	Payload     []byte
}

// EndsStream reports whether the frame is the last of its stream.
func (f *H2Frame) EndsStream() bool {
	return (f.Type == H2Data || f.Type == H2Headers) && f.Flags&1 != 0
}

// Next reads a frame.
func (h *H2) Next() (*H2Frame, error) {
	var head [9]byte
	if _, err := io.ReadFull(h.r, head[:]); err != nil {
		return nil, err
	}
	f := &H2Frame{
		Type: head[3], Flags: head[4], Stream: be.BigEndian.Uint32(head[5:]),
		Payload: make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2])),
	}
	_, err := io.ReadFull(h.r, f.Payload)
	return f, err
}
