package service

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wharf/util/apperr"
	"wharf/util/password"
)

// LoginLimits are limits on failed logins, to slow down the guessing of passwords. The zero value of a field is its default.
type LoginLimits struct {
	// Off turns all limits off.
	Off bool
	// PerAddress is how many logins may fail per address and minute. Default 60.
	PerAddress int
	// FreeTries is how many logins of a user may fail before the delays begin. Default 5.
	FreeTries int
}

const (
	delayMin = time.Second
	delayMax = time.Minute
	// forgetAfter is how long a failure counts.
	forgetAfter = 15 * time.Minute
	// limitsMax bounds the entries of each kind; beyond it, idle ones are dropped.
	limitsMax = 10_000
	// queuedTries bounds the tries that wait for the results of other tries.
	queuedTries = 256
)

// loginGate counts failed logins by address and by user. A user's delay grows from 1 to 60 s with each failure. An address
// from which the user has logged in before has a separate count, so that an attacker elsewhere can't lock the user out.
//
// A try is reserved before its password is checked, and counts as failed until the result is known. So concurrent tries are
// limited like successive ones: those beyond the limit wait for the results.
//
// Each replica has its own counts; a tryGate synchronizes them with the shared ones. Unknown names are counted like users.
type loginGate struct {
	limits LoginLimits

	mu        sync.Mutex
	addresses map[string]*addressTries
	users     map[userAt]*userTries
	known     map[userAt]bool // users and the addresses from which they have logged in
	queued    int
	ended     chan struct{} // closed when a try ends while others wait
}

// userAt is a user's name and an address. The empty address stands for all unknown addresses.
type userAt struct{ name, addr string }

// addressTries counts the failed tries of an address (in its limiter) and those under way.
type addressTries struct {
	limiter *rate.Limiter
	last    time.Time // the last failure
	pending int
	until   time.Time // the shared count refuses tries until then
}

// userTries counts the failed tries of a user and those under way.
type userTries struct {
	count      int
	last       time.Time
	pending    int
	comparedAt time.Time // when count was compared with the shared one
}

func newLoginGate(l LoginLimits) *loginGate {
	if l.PerAddress <= 0 {
		l.PerAddress = 60
	}
	if l.FreeTries <= 0 {
		l.FreeTries = 5
	}
	return &loginGate{
		limits: l, addresses: map[string]*addressTries{}, users: map[userAt]*userTries{}, known: map[userAt]bool{},
		ended: make(chan struct{}),
	}
}

// enter reserves a try, which the caller must end. A try that comes too soon is refused but not counted, so that it doesn't
// prolong the wait. Errors: TooMany with the time to wait, ctx's.
func (g *loginGate) enter(ctx context.Context, name, addr string) (*loginTry, error) {
	for {
		try, ended, err := g.reserve(name, addr, time.Now())
		if err != nil || try != nil {
			return try, err
		}
		select {
		case <-ended:
			g.dequeue()
		case <-ctx.Done():
			g.dequeue()
			return nil, ctx.Err()
		}
	}
}

// reserve returns a try or an error. If the decision depends on tries under way, it returns instead a channel that is closed
// when one of them ends, and counts the caller as queued.
func (g *loginGate) reserve(name, addr string, now time.Time) (*loginTry, <-chan struct{}, error) {
	if g.limits.Off {
		return &loginTry{class: password.Normal}, nil, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(now)
	addr = networkOf(addr)
	a, u := g.address(addr), g.user(name, addr, now)
	tokens, free := a.limiter.TokensAt(now), g.limits.FreeTries-u.count
	if wait := a.until.Sub(now); wait > 0 {
		return nil, nil, tooSoon(wait)
	}
	if missing := 1 - tokens; missing > 0 {
		return nil, nil, tooSoon(time.Duration(missing / float64(a.limiter.Limit()) * float64(time.Second)))
	}
	if wait := g.delay(u.count) - now.Sub(u.last); wait > 0 {
		return nil, nil, tooSoon(wait)
	}
	if tokens-float64(a.pending) < 1 || u.pending >= max(free, 1) {
		if g.queued >= queuedTries {
			return nil, nil, tooSoon(delayMin)
		}
		g.queued++
		return nil, g.ended, nil
	}
	try := &loginTry{gate: g, name: name, addr: addr, class: g.class(name, addr, now), address: a, user: u}
	a.pending++
	u.pending++
	return try, nil, nil
}

func (g *loginGate) dequeue() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queued--
}

func tooSoon(wait time.Duration) error {
	return &apperr.Error{Kind: apperr.TooMany, Msg: "too many failed logins, try again later", RetryAfter: wait}
}

// delay returns the minimum time between a failure and the next try, after count failures.
func (g *loginGate) delay(count int) time.Duration {
	over := count - g.limits.FreeTries
	if over < 0 {
		return 0
	}
	return min(delayMin<<min(over, 6), delayMax)
}

func (g *loginGate) address(addr string) *addressTries {
	a := g.addresses[addr]
	if a == nil {
		a = &addressTries{limiter: rate.NewLimiter(rate.Limit(float64(g.limits.PerAddress)/60), g.limits.PerAddress)}
		g.addresses[addr] = a
	}
	return a
}

// user returns the user's count that applies to an address.
func (g *loginGate) user(name, addr string, now time.Time) *userTries {
	key := g.counted(name, addr)
	u := g.users[key]
	if u == nil {
		u = &userTries{}
		g.users[key] = u
	}
	if now.Sub(u.last) > forgetAfter {
		u.count = 0
	}
	return u
}

func (g *loginGate) counted(name, addr string) userAt {
	if at := (userAt{name, addr}); g.known[at] {
		return at
	}
	return userAt{name: name}
}

// class returns the hasher's queue for a try.
func (g *loginGate) class(name, addr string, now time.Time) password.Class {
	a := g.addresses[addr]
	switch {
	case g.known[userAt{name, addr}]:
		return password.Known
	case a.pending > 0 || now.Sub(a.last) < forgetAfter:
		return password.Suspect
	default:
		return password.Normal
	}
}

// forget drops entries when there are too many: first the idle ones, then all. Counts wouldn't stop an attacker with that
// many addresses.
func (g *loginGate) forget(now time.Time) {
	if len(g.addresses) >= limitsMax {
		for addr, a := range g.addresses {
			if a.pending == 0 && a.limiter.TokensAt(now) >= float64(a.limiter.Burst()) {
				delete(g.addresses, addr)
			}
		}
		if len(g.addresses) >= limitsMax {
			clear(g.addresses)
		}
	}
	if len(g.users) >= limitsMax {
		for key, u := range g.users {
			if u.pending == 0 && (u.count == 0 || now.Sub(u.last) > forgetAfter) {
				delete(g.users, key)
			}
		}
		if len(g.users) >= limitsMax {
			clear(g.users)
		}
	}
}
