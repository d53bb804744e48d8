package service

import (
	"context"
	"time"

	"wharf/db"
	"wharf/util/apperr"
	"wharf/util/password"
)

// tryGate limits tries of passwords by counts that all replicas share. The gate in memory comes first: it queues the tries
// of this process, and refuses tries that the shared counts refused a moment ago without a query.
type tryGate struct {
	own    *loginGate
	shared *sharedTries
}

// newTryGate returns a gate for one kind of tries. key is a secret that all replicas share.
func newTryGate(d *db.DB, kind string, key []byte, l LoginLimits) *tryGate {
	own := newLoginGate(l)
	return &tryGate{own: own, shared: &sharedTries{db: d, secret: key, kind: kind, limits: own.limits}}
}

// admitted is a try that a tryGate admitted. The first call of one of its methods ends it; later calls do nothing.
type admitted struct {
	*loginTry
	ctx    context.Context //nolint:containedctx // of the try
	shared *sharedTries    // nil: nothing is counted, or it has ended
	rows   rows
}

// enter reserves a try, which the caller must end with one of its methods. Errors: TooMany with the time to wait, the
// database's, ctx's.
func (g *tryGate) enter(ctx context.Context, name, addr string) (*admitted, error) {
	if g.own.limits.Off {
		return &admitted{loginTry: &loginTry{class: password.Normal}}, nil
	}
	try, err := g.own.enter(ctx, name, addr)
	if apperr.KindOf(err) == apperr.TooMany && g.refresh(ctx, name, addr) {
		try, err = g.own.enter(ctx, name, addr)
	}
	if err != nil {
		return nil, err
	}
	r := g.shared.rowsOf(g.own.countedAt(name, addr), networkOf(addr))
	v, err := g.shared.reserve(ctx, r)
	if err == nil && (v.addressWait > 0 || v.userWait > 0) {
		g.own.applyShared(name, addr, v, time.Now())
		err = tooSoon(max(v.addressWait, v.userWait))
	}
	if err != nil {
		try.withdrawn()
		return nil, err
	}
	return &admitted{loginTry: try, ctx: ctx, shared: g.shared, rows: r}, nil
}

// refresh reads the shared count of a user after the local one refused a try, at most once in refreshEvery. It reports
// whether the shared count admits the try: the user may have logged in on another replica since.
func (g *tryGate) refresh(ctx context.Context, name, addr string) bool {
	if !g.own.outdated(name, addr, time.Now()) {
		return false
	}
	row, err := g.shared.read(ctx, g.shared.rowsOf(g.own.countedAt(name, addr), networkOf(addr)).user)
	now := time.Now()
	if err != nil || row.Due > now.UnixMicro() {
		return false
	}
	g.own.applyShared(name, addr, verdict{failures: int(row.Failures)}, now)
	return true
}

func (a *admitted) failed(now time.Time) {
	a.loginTry.failed(now)
	a.endShared((*sharedTries).failed)
}

func (a *admitted) passed() {
	name, addr, first := a.name, a.addr, a.gate != nil && !a.gate.isKnown(a.name, a.addr)
	a.loginTry.passed()
	if first && a.shared != nil {
		a.shared.remember(a.ctx, userAt{name, addr})
	}
	a.endShared((*sharedTries).passed)
}

func (a *admitted) withdrawn() {
	a.loginTry.withdrawn()
	a.endShared((*sharedTries).withdrawn)
}

func (a *admitted) endShared(end func(*sharedTries, context.Context, rows)) {
	if shared := a.shared; shared != nil {
		a.shared = nil
		end(shared, a.ctx, a.rows)
	}
}

// applyShared copies the shared counts of a user and an address into the local gate.
func (g *loginGate) applyShared(name, addr string, v verdict, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	addr = networkOf(addr)
	if v.addressWait > 0 {
		g.address(addr).until = now.Add(v.addressWait)
		return
	}
	u := g.user(name, addr, now)
	u.count, u.comparedAt = v.failures, now
	u.last = now.Add(v.userWait - g.delay(v.failures))
}

// refreshEvery is how long a local refusal holds before the shared count is read again.
const refreshEvery = time.Second

// outdated reports whether the shared count of a user should be read again, and starts a new refreshEvery if so.
func (g *loginGate) outdated(name, addr string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.user(name, networkOf(addr), now)
	if u.count == 0 || now.Sub(u.comparedAt) < refreshEvery {
		return false
	}
	u.comparedAt = now
	return true
}

// countedAt returns the user and address whose count applies.
func (g *loginGate) countedAt(name, addr string) userAt {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counted(name, networkOf(addr))
}
