// Package db opens wharf's database, SQLite or Postgres, keeps its schema current, runs
// transactions and classifies errors.
//
// One set of queries (query/*.sql, compiled by sqlc into package sqlc) runs on both engines.
// The rules for this:
//
//   - Times come from Go through Time: UTC, whole microseconds. Never now() in SQL.
//   - Names are folded in Go, so no ILIKE. No ANY, FOR UPDATE, interval, :: or max(time).
//   - Columns are timestamptz, uuid and bigint on Postgres; timestamp, uuid or text, and bigint or integer on SQLite, which
//     keeps a uuid as text.
//   - Constraint names differ, so errors.go only uses the table's name.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"wharf/db/sqlc"
)

// Kind is a database engine.
type Kind string

// The engines.
const (
	Postgres Kind = "postgres"
	SQLite   Kind = "sqlite"
)

// Options are the settings of Open. The zero value of a field is its default.
type Options struct {
	// Server is true in the serving process: on SQLite it holds the server's lock until Close, and Open fails while another
	// server holds it. Commands that run beside a server leave it false.
	Server bool
	// MaxConns bounds the open connections. Default: 20 on Postgres, 8 on SQLite.
	MaxConns int
	// Timeout bounds each statement, including the wait for a free connection. Default 3 s.
	Timeout time.Duration
	// LockTimeout bounds the wait for another process's migration. Default 30 s.
	LockTimeout time.Duration
	// Logger logs problems of the connection, steps of migrations and the use of the reserve. The zero value logs nothing.
	Logger zerolog.Logger
}

func (o Options) withDefaults(kind Kind) Options {
	if o.MaxConns <= 0 {
		o.MaxConns = map[Kind]int{Postgres: 20, SQLite: 8}[kind]
	}
	if o.Timeout <= 0 {
		o.Timeout = 3 * time.Second
	}
	if o.LockTimeout <= 0 {
		o.LockTimeout = 30 * time.Second
	}
	return o
}

// DB is an open database. It is safe for concurrent use. Close must be called once.
type DB struct {
	kind   Kind
	source string // DSN or file path
	opts   Options
	pool   *sql.DB
	bound  *bounded
	server *os.File // SQLite: the server's lock
	// retries counts the repeated runs of transactions.
	retries atomic.Int64
	// listening is true while Listen's connection is up.
	listening atomic.Bool
	ready     readiness
}

// Open opens the database that source names: "postgresql://…" (or "postgres://…"), which need not answer yet, or
// "sqlite:path", whose folder and file it creates. Errors: a source of another form, a file that can't be created, another
// server on the same file.
func Open(_ context.Context, source string, opts Options) (*DB, error) {
	switch {
	case strings.HasPrefix(source, "postgresql://"), strings.HasPrefix(source, "postgres://"):
		return openPostgres(source, opts.withDefaults(Postgres))
	case strings.HasPrefix(source, "sqlite:"):
		path := strings.TrimPrefix(strings.TrimPrefix(source, "sqlite:"), "//")
		return openSQLite(path, opts.withDefaults(SQLite))
	default:
		// The message doesn't repeat the source, which may hold a password.
		return nil, errors.New(`database: the source must begin with "postgresql://" or "sqlite:"`)
	}
}

func newDB(kind Kind, source string, pool *sql.DB, opts Options) *DB {
	pool.SetMaxOpenConns(opts.MaxConns)
	pool.SetMaxIdleConns(opts.MaxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d := &DB{kind: kind, source: source, opts: opts, pool: pool}
	d.bound = &bounded{pool: pool, timeout: opts.Timeout}
	if kind == SQLite {
		d.bound.writer = make(chan struct{}, 1)
	}
	return d
}

// Kind returns the database's engine.
func (d *DB) Kind() Kind { return d.kind }

// Retries returns how often a transaction was run again since Open, after a deadlock or on a dead connection.
func (d *DB) Retries() int64 { return d.retries.Load() }

// Queries returns the queries for use outside a transaction. Don't use it in InTx's function.
func (d *DB) Queries() *sqlc.Queries { return sqlc.New(d.bound) }

// Ping returns an error unless the database answers within Options.Timeout.
func (d *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.opts.Timeout)
	defer cancel()
	if err := d.pool.PingContext(ctx); err != nil {
		return fmt.Errorf("ping %s: %w", d.kind, err)
	}
	return nil
}

// WaitReady returns when the database answers, or ctx's error. It tries Postgres again every second, and logs the failure at
// most every 30 s. For an SQLite file that can't be read it returns the error immediately.
func (d *DB) WaitReady(ctx context.Context) error {
	var loggedAt time.Time
	for {
		err := d.Ping(ctx)
		if err == nil || d.kind == SQLite {
			return err
		}
		if now := time.Now(); now.Sub(loggedAt) >= 30*time.Second {
			d.opts.Logger.Warn().Err(err).Msg("waiting for the database")
			loggedAt = now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// Close closes all connections and releases the server's lock.
func (d *DB) Close() error {
	err := d.pool.Close()
	if d.server != nil {
		err = errors.Join(err, d.server.Close())
	}
	return err
}

// Time returns t in the form that both engines can store: UTC, truncated to microseconds, without a monotonic reading.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
