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
	// reservedFor bounds a reservation whose server died before it ended the try. The check of a password takes less.
	reservedFor = 30 * time.Second
	// knownFor is how long an address stays known after the user has logged in from it.
	knownFor = 90 * 24 * time.Hour
	// finalWriteTimeout bounds a write that has to be done even if the caller's context has ended.
	finalWriteTimeout = 5 * time.Second
)

// sharedTries keeps counts like a loginGate's in the database, for all replicas and across restarts. The keys of its rows are
// HMACs, which only servers with the same secret can compute: users sometimes type a password in place of their name.
type sharedTries struct {
	db     *db.DB
	secret []byte
	kind   string // of tries: each kind has separate counts
	limits LoginLimits
}

// key returns the key of a row.
func (s *sharedTries) key(of string, parts ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range append([]string{s.kind, of}, parts...) {
		_ = binary.Write(mac, binary.BigEndian, int64(len(part)))
		_, _ = mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// rows has the keys of a try's two rows.
type rows struct{ user, address string }

func (s *sharedTries) rowsOf(at userAt, addr string) rows {
	return rows{user: s.key("user", at.name, at.addr), address: s.key("address", addr)}
}

// step is how much one failure adds to an address's leaky bucket; room is the bucket's size. Both are in microseconds.
func (s *sharedTries) step() int64 { return time.Minute.Microseconds() / int64(s.limits.PerAddress) }
func (s *sharedTries) room() int64 { return s.step() * int64(s.limits.PerAddress) }

// verdict is the result of a reservation; the zero value is success.
type verdict struct {
	addressWait, userWait time.Duration // above zero: refused
	failures              int           // of the user, with userWait
	busy                  bool          // the result depends on tries that are under way elsewhere
}

// reserve reserves a try. It waits as long as the result depends on tries that are under way elsewhere. Errors: the
// database's, ctx's.
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

// whyNotAddress returns the reason for a refusal by address: the wait if failures fill the bucket, busy if it would have
// room without the tries under way.
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

// read returns a row. A missing or expired row is the zero row.
func (s *sharedTries) read(ctx context.Context, key string) (sqlc.GetTriesRow, error) {
	row, err := s.db.Queries().GetTries(ctx, key)
	if db.IsNoRows(err) || err == nil && row.Expires <= time.Now().UnixMicro() {
		return sqlc.GetTriesRow{}, nil
	}
	return row, err
}

// end writes the outcome of a try, even if ctx has ended. After an error the reservation expires after reservedFor.
func (s *sharedTries) end(ctx context.Context, write func(context.Context, *sqlc.Queries) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalWriteTimeout)
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

func (s *sharedTries) withdrawn(ctx context.Context, r rows) {
	for _, key := range []string{r.user, r.address} {
		s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
			_, err := q.ReleaseTry(ctx, key)
			return err
		})
	}
}

// remember stores that a user has logged in from an address.
func (s *sharedTries) remember(ctx context.Context, at userAt) {
	s.end(ctx, func(ctx context.Context, q *sqlc.Queries) error {
		return q.RememberAddress(ctx, sqlc.RememberAddressParams{Key: s.key("known", at.name, at.addr), Expires: time.Now().Add(knownFor).UnixMicro()})
	})
}

// remembers reports whether remember has stored the user and address.
func (s *sharedTries) remembers(ctx context.Context, at userAt) bool {
	row, err := s.read(ctx, s.key("known", at.name, at.addr))
	return err == nil && row.Expires > 0
}

// prune deletes expired rows.
func (s *sharedTries) prune(ctx context.Context, now time.Time) error {
	_, err := s.db.Queries().DeleteExpiredTries(ctx, now.UnixMicro())
	return err
}
