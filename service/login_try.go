package service

import (
	"time"

	"wharf/util/password"
)

// loginTry is a login attempt that a loginGate admitted. The first call of one of its methods ends it; later calls do
// nothing.
type loginTry struct {
	gate       *loginGate // nil: nothing is counted
	name, addr string
	class      password.Class
	address    *addressTries
	user       *userTries
}

// failed counts a wrong password.
func (t *loginTry) failed(now time.Time) {
	t.end(func(*loginGate) {
		t.address.limiter.AllowN(now, 1)
		t.address.last = now
		t.user.count++
		t.user.last = now
	})
}

// passed records that the user has logged in from the address, and resets the count of failures there.
func (t *loginTry) passed() {
	t.end(func(g *loginGate) {
		t.user.count = 0
		g.remember(t.name, t.addr)
	})
}

// withdrawn withdraws the try: no password was checked.
func (t *loginTry) withdrawn() { t.end(func(*loginGate) {}) }

func (t *loginTry) end(count func(*loginGate)) {
	g := t.gate
	if g == nil {
		return
	}
	t.gate = nil
	g.mu.Lock()
	defer g.mu.Unlock()
	t.address.pending--
	t.user.pending--
	count(g)
	if g.queued > 0 {
		close(g.ended)
		g.ended = make(chan struct{})
	}
}
