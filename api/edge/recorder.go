package edge

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// recorder records an answer's status and size for the log. It ends the connection, or the HTTP/2 stream, of a client that reads
// nothing for the stall time.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration // how long a write may wait for the client
	unread  *unreadAnswers
	status  int
	bytes   int64
}

// maxWrite is the size of one write, in bytes. Each write has its own deadline: a client that takes this much makes progress.
const maxWrite = 64 << 10

// progress renews the write deadline. A server without deadlines, as in some tests, ignores it.
func (w *recorder) progress() { _ = w.control.SetWriteDeadline(time.Now().Add(w.stall)) }

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status returns the answer's status, 200 if the handler set none.
func (w *recorder) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Hijack takes over the connection and records the status 101.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.control.Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// WriteHeader implements http.ResponseWriter. It records the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.progress()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. It counts the bytes.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.writeAll(p)
	w.bytes += int64(n)
	return n, err
}

// writeAll writes an answer in parts, each with its own deadline. It returns the number of bytes written.
func (w *recorder) writeAll(p []byte) (written int, err error) {
	var room *unreadAnswer
	if w.unread != nil && len(p) >= unreadLeast {
		room = w.unread.enter(len(p), func() { _ = w.control.SetWriteDeadline(time.Now()) })
		defer w.unread.leave(room)
	}
	for {
		w.progress()
		if room != nil && room.cut.Load() { // enter sets cut before the deadline: if progress replaced that one, cut is seen here
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

// finish flushes the rest of an HTTP/2 answer and waits for the client to take it. Meanwhile the answer counts as unread.
func (w *recorder) finish() {
	room := w.unread.enter(streamBytes, func() { _ = w.control.SetWriteDeadline(time.Now()) })
	defer w.unread.leave(room)
	_ = w.control.Flush()
}
