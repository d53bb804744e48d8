package edge

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// recorder remembers what was answered, for the log, and ends the connection, or the stream of HTTP/2, of a
// client that takes nothing.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration // how long a write may wait for the client
	unread  *unreadAnswers
	status  int
	bytes   int64
}

// maxWrite is how many bytes a client may take to be seen to make progress.
const maxWrite = 64 << 10

// progress gives the client its time anew. A server without deadlines, as in some tests, has none.
func (w *recorder) progress() { _ = w.control.SetWriteDeadline(time.Now().Add(w.stall)) }

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status is what was answered; a handler that wrote nothing, or took the connection over, answered 200.
func (w *recorder) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Hijack takes the connection over; what the log says of it is that.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.control.Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.progress()
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.writeAll(p)
	w.bytes += int64(n)
	return n, err
}

// writeAll writes an answer in parts, each with its own deadline. It returns how much was taken.
func (w *recorder) writeAll(p []byte) (written int, err error) {
	var room *unreadAnswer
	if w.unread != nil && len(p) >= unreadLeast {
		room = w.unread.enter(len(p), func() { _ = w.control.SetWriteDeadline(time.Now()) })
		defer w.unread.leave(room)
	}
	for {
		w.progress()
		if room != nil && room.cut.Load() { // set before the deadline is: one of the two is seen
			_ = w.control.SetWriteDeadline(time.Now())
			return written, errCutOff
		}
		n, err := w.ResponseWriter.Write(p[written:min(written+maxWrite, len(p))])
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// finish sends what is left of an answer over HTTP/2, and waits for the client to take it, counted as any other.
func (w *recorder) finish() {
	room := w.unread.enter(streamBytes, func() { _ = w.control.SetWriteDeadline(time.Now()) })
	defer w.unread.leave(room)
	_ = w.control.Flush()
}
