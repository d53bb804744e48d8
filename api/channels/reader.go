package channels

import (
	"context"
	"errors"
	"io"

	"github.com/coder/websocket"
)

// Reader reads messages into one buffer, which grows to the largest of them. The connection's own Read makes a new one
// for each, and lets it grow from 512 bytes.
type Reader struct {
	WS *websocket.Conn

	buf []byte
}

// minRead is the room that a read gets at least, in bytes.
const minRead = 1 << 10

// Next returns the next message, which is good until the next call.
func (r *Reader) Next(ctx context.Context) (websocket.MessageType, []byte, error) {
	kind, body, err := r.WS.Reader(ctx)
	if err != nil {
		return 0, nil, err
	}
	n := 0
	for {
		if len(r.buf)-n < minRead {
			r.buf = append(r.buf, make([]byte, max(minRead, len(r.buf)))...)
		}
		read, err := body.Read(r.buf[n:])
		n += read
		if errors.Is(err, io.EOF) {
			return kind, r.buf[:n], nil
		}
		if err != nil {
			return 0, nil, err
		}
	}
}
