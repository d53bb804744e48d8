package stream

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// responseSink writes through net/http. It serves HTTP/2, where other requests share the connection.
type responseSink struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	sent int64
}

func (o *responseSink) try(b []byte) (rest []byte, err error) { return b[chunkPrefix:], nil }

func (o *responseSink) write(rest []byte, stall time.Duration) error {
	for len(rest) > 0 {
		_ = o.rc.SetWriteDeadline(time.Now().Add(stall)) // not supported by test recorders
		n, err := o.w.Write(rest[:min(len(rest), batchBytes)])
		o.sent += int64(n)
		if err != nil {
			return fmt.Errorf("%w: %w", errClient, err)
		}
		rest = rest[n:]
	}
	return o.flush(stall)
}

// flush sends what net/http has buffered; the first call sends the headers.
func (o *responseSink) flush(stall time.Duration) error {
	_ = o.rc.SetWriteDeadline(time.Now().Add(stall))
	if err := o.rc.Flush(); err != nil {
		return fmt.Errorf("%w: %w", errClient, err)
	}
	_ = o.rc.SetWriteDeadline(time.Time{}) // HTTP/2 resets a stream when its deadline passes, even if no write waits
	return nil
}

func (o *responseSink) interrupt() { _ = o.rc.SetWriteDeadline(time.Unix(1, 0)) }

// close makes net/http reset a stream that didn't end in order.
func (o *responseSink) close(why error) {
	if !errors.Is(why, errEnded) {
		o.interrupt()
	}
}

func (o *responseSink) bytes() int64 { return o.sent }
