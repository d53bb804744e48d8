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

// txTries is the maximum number of runs of a transaction that fails without effect; see isUndone.
const txTries = 10

// InTx runs fn in one transaction and commits if fn returns nil; it returns fn's error unchanged. On SQLite, transactions run
// one at a time. On Postgres the isolation is read committed; transactions that must not run concurrently first raise a
// counter, which locks its row.
//
// fn may be called again, in a new transaction: after a deadlock, a serialization failure, or if the connection is found dead
// before the commit. It must not rely on variables that an earlier call has set.
func (d *DB) InTx(ctx context.Context, fn func(*sqlc.Queries) error) error {
	release, err := d.bound.lockWriter(ctx)
	if err != nil {
		return fmt.Errorf("wait for the writer: %w", err)
	}
	defer release()
	// The timeout covers the whole transaction: all transactions are short.
	ctx, cancel := context.WithTimeout(ctx, d.opts.Timeout)
	defer cancel()
	for try := 1; ; try++ {
		err := d.tryTx(ctx, fn)
		if try == txTries || !isUndone(err) {
			return err
		}
		d.retries.Add(1)
		select { // a random wait, so that the same transactions don't conflict again
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

// commitError is the error of a commit. The commit may have taken effect, unless the error is the server's.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }

// Unwrap returns the cause.
func (e *commitError) Unwrap() error { return e.err }

// bounded is the pool with a timeout on each statement, which includes the wait for a free connection: if Postgres doesn't
// answer, the requests in the queue time out together, not one after the other.
type bounded struct {
	pool    *sql.DB
	timeout time.Duration
	// writer is a queue for the process's writers on SQLite. The engine itself makes writers poll for its lock in no order,
	// so that some of them fail under load.
	writer chan struct{}
}

// errBusy is the error of a writer that waited in the queue longer than a statement's timeout.
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

// limit is like context.WithTimeout without the cancel function: the rows outlive the call, so nothing could call it. The
// context ends with its parent (the request) or after the timeout.
func (b *bounded) limit(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	context.AfterFunc(ctx, cancel)
	return ctx
}
