package service

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wharf/util/apperr"
)

// LoginLimits slow down whoever guesses passwords. Zero values are good.
type LoginLimits struct {
	// Off lifts them.
	Off bool
	// PerAddress is how many failed logins one address has a minute. Default 60.
	PerAddress int
	// FreeTries is how many failures a user has before the delays begin. Default 5.
	FreeTries int
}

const (
	delayMin = time.Second
	delayMax = time.Minute
	// forgetAfter is how long a failure is remembered.
	forgetAfter = 15 * time.Minute
	// limitsMax bounds what is remembered of each kind; beyond it, the idle are forgotten.
	limitsMax = 10_000
)

// loginGate counts failures by address, and by user. A user's delay grows from 1 to 60 s
// with each failure. So that nobody can keep a user out by guessing from elsewhere, an
// address from which that user logged in before has a count of its own.
//
// It is kept by each replica for itself. Names that nobody has are counted alike.
type loginGate struct {
	limits LoginLimits

	mu        sync.Mutex
	addresses map[string]*rate.Limiter
	users     map[tries]*failures
	known     map[tries]bool // who logged in from where
}

// tries is a user's name and the address, empty for all unknown ones together.
type tries struct{ name, addr string }

type failures struct {
	count int
	last  time.Time
}

func newLoginGate(l LoginLimits) *loginGate {
	if l.PerAddress <= 0 {
		l.PerAddress = 60
	}
	if l.FreeTries <= 0 {
		l.FreeTries = 5
	}
	return &loginGate{
		limits: l, addresses: map[string]*rate.Limiter{}, users: map[tries]*failures{}, known: map[tries]bool{},
	}
}

// enter refuses a try that comes too soon. A refused try counts for nothing, so it doesn't
// make the wait longer. Errors: TooMany with the wait.
func (g *loginGate) enter(name, addr string, now time.Time) error {
	if g.limits.Off {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.addresses[addr]; l != nil {
		if missing := 1 - l.TokensAt(now); missing > 0 {
			return tooSoon(time.Duration(missing / float64(l.Limit()) * float64(time.Second)))
		}
	}
	if f := g.users[g.counted(name, addr)]; f != nil {
		if wait := g.delay(f.count) - now.Sub(f.last); wait > 0 {
			return tooSoon(wait)
		}
	}
	return nil
}

func tooSoon(wait time.Duration) error {
	return &apperr.Error{Kind: apperr.TooMany, Msg: "too many failed logins, try again later", RetryAfter: wait}
}

// delay is how long to wait after so many failures.
func (g *loginGate) delay(count int) time.Duration {
	over := count - g.limits.FreeTries
	if over < 0 {
		return 0
	}
	return min(delayMin<<min(over, 6), delayMax)
}

func (g *loginGate) counted(name, addr string) tries {
	if at := (tries{name, addr}); g.known[at] {
		return at
	}
	return tries{name: name}
}

// failed counts a wrong password.
func (g *loginGate) failed(name, addr string, now time.Time) {
	if g.limits.Off {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(now)
	l := g.addresses[addr]
	if l == nil {
		l = rate.NewLimiter(rate.Limit(float64(g.limits.PerAddress)/60), g.limits.PerAddress)
		g.addresses[addr] = l
	}
	l.AllowN(now, 1)
	key := g.counted(name, addr)
	f := g.users[key]
	if f == nil || now.Sub(f.last) > forgetAfter {
		f = &failures{}
		g.users[key] = f
	}
	f.count++
	f.last = now
}

// passed remembers where the user is at home, and forgets the failures there.
func (g *loginGate) passed(name, addr string) {
	if g.limits.Off {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.users, g.counted(name, addr))
	if len(g.known) >= limitsMax {
		clear(g.known)
	}
	g.known[tries{name, addr}] = true
}

// forget makes room when there is too much: what is idle first, then everything, since an
// attacker with that many addresses isn't held by counting them.
func (g *loginGate) forget(now time.Time) {
	if len(g.addresses) >= limitsMax {
		for addr, l := range g.addresses {
			if l.TokensAt(now) >= float64(l.Burst()) {
				delete(g.addresses, addr)
			}
		}
		if len(g.addresses) >= limitsMax {
			clear(g.addresses)
		}
	}
	if len(g.users) >= limitsMax {
		for key, f := range g.users {
			if now.Sub(f.last) > forgetAfter {
				delete(g.users, key)
			}
		}
		if len(g.users) >= limitsMax {
			clear(g.users)
		}
	}
}
