package service

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
)

const (
	// reservedFor is how long a try counts that nothing ends: its server died. A check of a password takes less.
	reservedFor = 30 * time.Second
	// knownFor is how long an address stays known at which a user logged in.
	knownFor = 90 * 24 * time.Hour
	// lastWord is how long the outcome of a try may take to be written, once its caller is gone.
	lastWord = 5 * time.Second
)

// sharedTries are the counts of a loginGate as all replicas have them, in the database: they hold over restarts, and a try is
// reserved for all at once. The keys of its rows are hashes that only servers with the same token keys can make: people type
// passwords where a name belongs.
type sharedTries struct {
	db     *db.DB
	secret []byte
	kind   string // of what is tried: each has counts of its own
	limits LoginLimits
}

// key names a row.
func (s *sharedTries) key(of string, parts ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range append([]string{s.kind, of}, parts...) {
		_ = binary.Write(mac, binary.BigEndian, int64(len(part)))
		_, _ = mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// rows are a try's two, by key.
type rows struct{ user, address string }

func (s *sharedTries) rowsOf(at userAt, addr string) rows {
	return rows{user: s.key("user", at.name, at.addr), address: s.key("address", addr)}
}

// step is how long an address's failure fills its bucket, room is the bucket, both in microseconds.
func (s *sharedTries) step() int64 { return time.Minute.Microseconds() / int64(s.limits.PerAddress) }
func (s *sharedTries) room() int64 { return s.step() * int64(s.limits.PerAddress) }

// verdict is what became of a reservation.
type verdict struct {
	addressWait, userWait time.Duration // above zero: refused
	failures              int           // of the user, with userWait
	busy                  bool          // it depends on tries that other replicas have under way
}

// reserve reserves a try, and waits while that depends on tries that other replicas have under way. Errors: the database's,
// ctx's.
func (s *sharedTries) reserve(ctx context.Context, r rows) (verdict, error) {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		v, err := s.tryReserve(ctx, r)
		if err != nil {
			return v, fmt.Errorf("reserve a try: %w", err)
		}
		if !v.busy {
			return v, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}

func (s *sharedTries) tryReserve(ctx context.Context, r rows) (verdict, error) {
	q, now := s.db.Queries(), time.Now()
	until := now.Add(reservedFor).UnixMicro()
	_, err := q.ReserveAddressTry(ctx, sqlc.ReserveAddressTryParams{
		Key: r.address, Now: now.UnixMicro(), Until: until, Expires: until, Step: s.step(), Room: s.room(),
	})
	if db.IsNoRows(err) {
		return s.whyNotAddress(ctx, r.address, now)
	}
	if err != nil {
		return verdict{}, err
	}
	_, err = q.ReserveUserTry(ctx, sqlc.ReserveUserTryParams{
		Key: r.user, Now: now.UnixMicro(), Until: until, Expires: until, Free: int64(s.limits.FreeTries),
	})
	if err == nil {
		return verdict{}, nil
	}
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		_, err := q.ReleaseTry(ctx, r.address)
		return err
	})
	if db.IsNoRows(err) {
		return s.whyNotUser(ctx, r.user, now)
	}
	return verdict{}, err
}

// whyNotAddress tells a bucket that is full of failures from one that is full with tries under way.
func (s *sharedTries) whyNotAddress(ctx context.Context, key string, now time.Time) (verdict, error) {
	row, err := s.read(ctx, key)
	if err != nil {
		return verdict{}, err
	}
	over := max(row.Due-now.UnixMicro(), 0) + s.step() - s.room()
	return verdict{addressWait: time.Duration(max(over, 0)) * time.Microsecond, busy: over <= 0}, nil
}

func (s *sharedTries) whyNotUser(ctx context.Context, key string, now time.Time) (verdict, error) {
	row, err := s.read(ctx, key)
	if err != nil {
		return verdict{}, err
	}
	wait := time.UnixMicro(row.Due).Sub(now)
	return verdict{userWait: max(wait, 0), failures: int(row.Failures), busy: wait <= 0}, nil
}

// read returns a row; one that doesn't count any more is empty.
func (s *sharedTries) read(ctx context.Context, key string) (sqlc.GetTriesRow, error) {
	row, err := s.db.Queries().GetTries(ctx, key)
	if db.IsNoRows(err) || err == nil && row.Expires <= time.Now().UnixMicro() {
		return sqlc.GetTriesRow{}, nil
	}
	return row, err
}

// end writes the outcome of a try, also of one whose caller has gone. After an error the reservation ends by itself.
func (s *sharedTries) end(ctx context.Context, write func(context.Context, *sqlc.Queries) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	_ = write(ctx, s.db.Queries())
}

func (s *sharedTries) failed(ctx context.Context, r rows) {
	now := time.Now()
	expires := now.Add(forgetAfter).UnixMicro()
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		_, err := q.FailUserTry(ctx, sqlc.FailUserTryParams{Key: r.user, Now: now.UnixMicro(), Free: int64(s.limits.FreeTries), Expires: expires})
		return err
	})
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		_, err := q.FailAddressTry(ctx, sqlc.FailAddressTryParams{Key: r.address, Now: now.UnixMicro(), Step: s.step(), Expires: expires})
		return err
	})
}

func (s *sharedTries) passed(ctx context.Context, r rows) {
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		_, err := q.ForgiveTries(ctx, r.user)
		return err
	})
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		_, err := q.ReleaseTry(ctx, r.address)
		return err
	})
}

func (s *sharedTries) unjudged(ctx context.Context, r rows) {
	for _, key := range []string{r.user, r.address} {
		s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
			_, err := q.ReleaseTry(ctx, key)
			return err
		})
	}
}

// remember keeps that a user logged in at an address, and recalls says whether one did.
func (s *sharedTries) remember(ctx context.Context, at userAt) {
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		return q.RememberAddress(ctx, sqlc.RememberAddressParams{Key: s.key("known", at.name, at.addr), Expires: time.Now().Add(knownFor).UnixMicro()})
	})
}

func (s *sharedTries) recalls(ctx context.Context, at userAt) bool {
	row, err := s.read(ctx, s.key("known", at.name, at.addr))
	return err == nil && row.Expires > 0
}

// prune deletes the rows that count no more.
func (s *sharedTries) prune(ctx context.Context, now time.Time) error {
	_, err := s.db.Queries().DeleteExpiredTries(ctx, now.UnixMicro())
	return err
}
