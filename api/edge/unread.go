package edge

import (
	"errors"
	"sync"
	"sync/atomic"
)

const (
	// unreadBytes bounds the memory of all answers that wait for their clients. Beyond it the oldest one is cut off. The longest
	// page of the history is a quarter of it.
	unreadBytes = 32 << 20
	// unreadLeast is the size from which an answer counts. A connection of HTTP/1.1 has at most one smaller answer.
	unreadLeast = 16 << 10
	// streamBytes is the size that counts for an HTTP/2 stream that waits for its client's window, however short its answer: a
	// connection has up to a hundred streams.
	streamBytes = 16 << 10
)

// errCutOff ends the answer of a slow client when other answers need its memory.
var errCutOff = errors.New("cut off: others' answers need the room")

// unreadAnswers counts the memory of answers until their clients have read them. The zero value is ready for use.
type unreadAnswers struct {
	mu   sync.Mutex
	held int
	all  []*unreadAnswer // the oldest first
}

type unreadAnswer struct {
	bytes int
	cut   atomic.Bool
	// expire makes a write that waits for the client fail.
	expire func()
}

// Unread returns how many bytes of answers wait for their clients.
func (e *Edge) Unread() int {
	e.unread.mu.Lock()
	defer e.unread.mu.Unlock()
	return e.unread.held
}

// enter counts an answer of the given size, and cuts off older ones while the bound is exceeded. leave ends the answer.
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
