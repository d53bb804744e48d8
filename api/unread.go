package api

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// unreadBytes bounds the answers that wait for their clients, all together: beyond it the one that waits longest is
	// cut off. The longest page of the history is a quarter of it.
	unreadBytes = 32 << 20
	// unreadLeast is the size from which an answer counts; of smaller ones a connection of HTTP/1.1 has one.
	unreadLeast = 16 << 10
	// streamBytes is what a stream of HTTP/2 counts for that waits for its client's window, however short its answer: a
	// connection has a hundred.
	streamBytes = 16 << 10
)

// errCutOff ends the answer of a client that took too long while others needed the room.
var errCutOff = errors.New("cut off: others' answers need the room")

// unreadAnswers counts what answers hold in memory until their clients have taken it. The zero value is ready for use.
type unreadAnswers struct {
	mu   sync.Mutex
	held int
	all  []*unreadAnswer // the oldest first
}

type unreadAnswer struct {
	bytes int
	cut   atomic.Bool
	// expire ends a write that waits for the client.
	expire func()
}

// enter counts an answer of so many bytes, and cuts off older ones where there is no room for it; leave ends it.
func (u *unreadAnswers) enter(bytes int, expire func()) *unreadAnswer {
	a := &unreadAnswer{bytes: bytes, expire: expire}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = append(u.all, a)
	u.held += bytes
	for _, old := range u.all[:len(u.all)-1] {
		if u.held <= unreadBytes {
			break
		}
		if !old.cut.Swap(true) {
			u.held -= old.bytes
			old.expire()
		}
	}
	return a
}

func (u *unreadAnswers) leave(a *unreadAnswer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, other := range u.all {
		if other == a {
			u.all = append(u.all[:i], u.all[i+1:]...)
			break
		}
	}
	if !a.cut.Load() {
		u.held -= a.bytes
	}
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
