package edge

import (
	"errors"
	"sync"
	"sync/atomic"
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

// Unread returns how many bytes of answers wait for their clients.
func (e *Edge) Unread() int {
	e.unread.mu.Lock()
	defer e.unread.mu.Unlock()
	return e.unread.held
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
