package channels

import (
	"context"
	"errors"
	"io"

	"github.com/coder/websocket"
)

// Reader reads messages into one buffer, which grows to the size of the largest. The connection's own Read allocates a new buffer
// for each message, and grows it from 512 bytes.
type Reader struct {
	WS *websocket.Conn

	buf []byte
}

// minRead is the minimum space in the buffer for a read, in bytes.
const minRead = 1 << 10

// Next returns the next message, which is valid until the next call.
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
