package service

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"wharf/db"
	"wharf/db/sqlc"
)

// defaultLease is short enough for a logout to wait for, and long enough that a busy server queries the database at most 40
// times a second.
const defaultLease = 25 * time.Millisecond

// cacheMax bounds the entries; a full cache is cleared.
const cacheMax = 10_000

// sessionCache caches sessions. Once a revocation has been answered, on this or another replica, it never returns the revoked
// session. The protocol:
//
//   - Each transaction that revokes rights raises the counter "revocations".
//   - A cached entry is valid only while a check of that counter, begun less than a lease ago, found it unchanged. After
//     that the counter is checked again, with one query for all sessions.
//   - A request that raised the counter is answered a lease after its commit: by then no check that began before the
//     commit is valid on any replica.
//
// The replicas' clocks must run at the same rate, but need not show the same time.
type sessionCache struct {
	db     *db.DB
	lease  time.Duration
	checks singleflight.Group

	mu      sync.Mutex
	entries map[uuid.UUID]entry
	touched map[uuid.UUID]use // last uses, not yet written
	count   int64             // of the counter at the last check
	since   time.Time         // when that check began
}

// entry is a session or API key, as read from the database. The zero value stands for one that doesn't exist.
type entry struct {
	found     bool
	user      uuid.UUID
	username  string
	role      Role
	grants    []Grant   // must not be changed
	blocked   bool      // the session is blocked, or its user disabled
	rights    int64     // version of role and grants
	expiresAt time.Time // zero: never
	key       bool
	limit     Role   // of a key
	scope     Scope  // of a key
	exec      bool   // of a key
	hash      string // of a key
}

func (e entry) alive(now time.Time) bool {
	return e.found && !e.blocked && (e.expiresAt.IsZero() || now.Before(e.expiresAt))
}

// actor returns the actor of the session or key with this id.
func (e entry) actor(id uuid.UUID) Actor {
	return Actor{
		UserID: e.user, Username: e.username, Role: e.role, Grants: e.grants, SessionID: id,
		Key: e.key, Limit: e.limit, Scope: e.scope, LimitsExec: e.key && !e.exec,
		rights: e.rights, hasRights: true,
	}
}

func newSessionCache(d *db.DB, lease time.Duration) *sessionCache {
	return &sessionCache{
		db: d, lease: lease, count: -1,
		entries: map[uuid.UUID]entry{}, touched: map[uuid.UUID]use{},
	}
}

// get returns the entry of a session or key, or the zero entry if there is none.
func (c *sessionCache) get(ctx context.Context, id uuid.UUID) (entry, error) {
	count, err := c.refresh(ctx, c.lease)
	if err != nil {
		return entry{}, err
	}
	c.mu.Lock()
	e, ok := c.entries[id]
	ok = ok && c.count == count
	c.mu.Unlock()
	if ok {
		return e, nil
	}
	return c.load(ctx, id, count)
}

func (c *sessionCache) load(ctx context.Context, id uuid.UUID, count int64) (entry, error) {
	e, err := c.read(ctx, id)
	if err != nil || !e.found {
		return e, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Counter read before the row: if it is unchanged at the next check, so is the row.
	if c.count == count {
		if len(c.entries) >= cacheMax {
			clear(c.entries)
		}
		c.entries[id] = e
	}
	return e, nil
}

// read reads a session or key and its user's grants.
func (c *sessionCache) read(ctx context.Context, id uuid.UUID) (e entry, err error) {
	q := c.db.Queries()
	s, err := q.GetSession(ctx, id)
	switch {
	case err == nil:
		e = entry{
			found: true, user: s.UserID, username: s.Username, role: Role(s.Role), blocked: s.Blocked || s.Disabled,
			rights: s.Rights, expiresAt: s.ExpiresAt,
		}
	case !db.IsNoRows(err):
		return entry{}, fmt.Errorf("get session: %w", err)
	default:
		k, err := q.GetAPIKey(ctx, id)
		if db.IsNoRows(err) {
			return entry{}, nil
		}
		if err != nil {
			return entry{}, fmt.Errorf("get API key: %w", err)
		}
		e = entry{
			found: true, user: k.UserID, username: k.Username, role: Role(k.Role), blocked: k.Disabled,
			rights: k.Rights, expiresAt: k.ExpiresAt.Time, key: true, limit: Role(k.Cap), scope: Scope(k.Scope), exec: k.Exec,
			hash: k.Hash,
		}
	}
	e.grants, err = grantsOf(ctx, q, e.user)
	return e, err
}

// refresh returns the counter, from a check that began less than recent ago or after the call. It clears the cache if the
// counter has changed.
func (c *sessionCache) refresh(ctx context.Context, recent time.Duration) (int64, error) {
	called := time.Now()
	for {
		c.mu.Lock()
		count, since := c.count, c.since
		c.mu.Unlock()
		if !since.Before(called) || time.Since(since) < recent {
			return count, nil
		}
		// DoChan may join a check that began before the call: then the loop checks once more.
		done := c.checks.DoChan("", func() (any, error) { return nil, c.check(context.WithoutCancel(ctx)) })
		select {
		case r := <-done:
			if r.Err != nil {
				return 0, r.Err
			}
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (c *sessionCache) check(ctx context.Context) error {
	began := time.Now()
	count, err := c.db.Queries().GetCounter(ctx, "revocations")
	if err != nil {
		return fmt.Errorf("check for revocations: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if count != c.count {
		clear(c.entries)
	}
	c.count, c.since = count, began
	return nil
}

// awaitLease waits until no replica relies on a check that began before the call. It takes no context, as it lasts only a few
// milliseconds.
func awaitLease(lease time.Duration) { <-time.After(lease) }

// RaiseRevocations raises the counter of revocations in q's transaction, and notifies all replicas at its commit, so that
// they check the sessions, rights and terminals that they watch.
func RaiseRevocations(ctx context.Context, d *db.DB, q *sqlc.Queries) error {
	if n, err := q.RaiseCounter(ctx, "revocations"); err != nil || n != 1 {
		return fmt.Errorf("count a revocation (%d rows): %w", n, err)
	}
	return d.Notify(ctx, q, db.ChannelRevocations, "")
}

// use is the last use of a session or key.
type use struct {
	at  time.Time
	key bool
}

// touch stores the last use of a session or key in memory, for Run to write.
func (c *sessionCache) touch(id uuid.UUID, u use) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touched[id] = u
}

// writeTouched writes the last uses of sessions and keys. After an error they are lost; they are only informative.
func (c *sessionCache) writeTouched(ctx context.Context) error {
	c.mu.Lock()
	touched := c.touched
	c.touched = map[uuid.UUID]use{}
	c.mu.Unlock()
	if len(touched) == 0 {
		return nil
	}
	if c.db.Kind() == db.Postgres { // no transaction: rows locked in any order may deadlock with a user's deletion
		return writeUses(ctx, c.db.Queries(), touched)
	}
	return c.db.InTx(ctx, func(q *sqlc.Queries) error { return writeUses(ctx, q, touched) })
}

func writeUses(ctx context.Context, q *sqlc.Queries, touched map[uuid.UUID]use) error {
	for id, u := range touched {
		if err := u.write(ctx, q, id); err != nil {
			return fmt.Errorf("write last use: %w", err)
		}
	}
	return nil
}

func (u use) write(ctx context.Context, q *sqlc.Queries, id uuid.UUID) error {
	at := db.Time(u.at)
	if u.key {
		return q.TouchAPIKey(ctx, sqlc.TouchAPIKeyParams{ID: id, LastUsedAt: sql.NullTime{Time: at, Valid: true}})
	}
	return q.TouchSession(ctx, sqlc.TouchSessionParams{ID: id, LastUsedAt: at})
}
