package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"wharf/db/sqlc"
	"wharf/util/apperr"
)

// txTries is how often a transaction is begun that Postgres ended so that another could go on.
const txTries = 10

// InTx runs fn in one transaction and commits if it returns nil; its error comes back as
// is. On SQLite writers run one after the other; on Postgres the isolation is read
// committed, and what must not run beside its like raises a counter first (a row lock).
//
// fn may run again from its beginning, in a new transaction: after a deadlock or a serialization failure, or where the
// connection turns out to be dead before the commit. It must not count on what an earlier run left behind.
func (d *DB) InTx(ctx context.Context, fn func(*sqlc.Queries) error) error {
	release, err := d.bound.lockWriter(ctx)
	if err != nil {
		return fmt.Errorf("wait for the writer: %w", err)
	}
	defer release()
	// The bound is for the whole transaction: each is short.
	ctx, cancel := context.WithTimeout(ctx, d.opts.Timeout)
	defer cancel()
	for try := 1; ; try++ {
		err := d.tryTx(ctx, fn)
		if try == txTries || !isUndone(err) {
			return err
		}
		d.retries.Add(1)
		select { // the others first, in no common step
		case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)):
		case <-ctx.Done():
			return err
		}
	}
}

func (d *DB) tryTx(ctx context.Context, fn func(*sqlc.Queries) error) error {
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := fn(sqlc.New(tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &commitError{err}
	}
	return nil
}

// commitError is a commit that failed: whether it took effect is not known, unless the server says that it didn't.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }

// Unwrap returns the cause.
func (e *commitError) Unwrap() error { return e.err }

// bounded is the pool with a time limit on each statement, counting the wait for a free
// connection: with Postgres gone, the requests in the queue fail with the first, not after.
type bounded struct {
	pool    *sql.DB
	timeout time.Duration
	// writer, on SQLite, queues the process's writers here: the engine itself would have
	// them poll for its lock, unfairly, and give some of them up under load.
	writer chan struct{}
}

// errBusy is what a writer gets whose turn didn't come within the time of a statement.
var errBusy = apperr.New(apperr.Away, "the database is busy: try again")

func (b *bounded) lockWriter(ctx context.Context) (release func(), err error) {
	if b.writer == nil {
		return func() {}, nil
	}
	late := time.NewTimer(b.timeout)
	defer late.Stop()
	select {
	case b.writer <- struct{}{}:
		return func() { <-b.writer }, nil
	case <-late.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *bounded) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	release, err := b.lockWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	result, err := b.pool.ExecContext(ctx, query, args...)
	if errors.Is(err, errAnswerLost) {
		err = apperr.Wrap(apperr.Away, err, "the database's answer was lost: look whether the change took effect")
	}
	return result, err
}

func (b *bounded) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return b.pool.PrepareContext(ctx, query)
}

func (b *bounded) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return b.pool.QueryContext(b.limit(ctx), query, args...)
}

func (b *bounded) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return b.pool.QueryRowContext(b.limit(ctx), query, args...)
}

// limit returns a WithTimeout whose cancel nobody here can call: the rows outlive this call. It
// ends with the parent (the request) or when its time is up, whichever is first.
func (b *bounded) limit(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	context.AfterFunc(ctx, cancel)
	return ctx
}
