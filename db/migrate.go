package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/database/postgres"
	"github.com/golang-migrate/migrate/v4/database/sqlite"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/rs/zerolog"
)

//go:embed migration
var migrations embed.FS

// Migrate migrates the schema to this binary's version. Several processes may call it at the same time: one migrates, and the
// others wait for it, up to Options.LockTimeout. A schema newer than the binary is an error and isn't changed.
func (d *DB) Migrate(ctx context.Context) error {
	return d.migrate(ctx, func(m *migrate.Migrate) error {
		if _, err := d.checkedVersion(m); err != nil {
			return err
		}
		return m.Up()
	})
}

// MigrateDown reverts the last steps migrations (0: all) and deletes their data. A schema newer than the binary is an error
// and isn't changed. On SQLite it fails while a server uses the file.
func (d *DB) MigrateDown(ctx context.Context, steps int) error {
	if d.kind == SQLite && d.server == nil {
		lock, err := lockFile(serverLock(d.source), 0)
		if err != nil {
			return fmt.Errorf("a wharf serves %s, end it first: %w", d.source, err)
		}
		defer func() { _ = lock.Close() }()
	}
	return d.migrate(ctx, func(m *migrate.Migrate) error {
		v, err := d.checkedVersion(m)
		switch {
		case err != nil:
			return err
		case v.Current == 0:
			return nil
		case steps == 0:
			return m.Down()
		}
		return m.Steps(-steps)
	})
}

// checkedVersion returns a schema's version, with an error if it is newer than this binary. It ignores Dirty, which is meaningful
// only under the migrations' lock: without it a migration under way looks dirty too.
func (d *DB) checkedVersion(m *migrate.Migrate) (SchemaVersion, error) {
	v, err := d.version(m)
	if err == nil && v.Current > v.Latest {
		err = fmt.Errorf("the schema is at version %d, this wharf knows up to %d: run the newer one", v.Current, v.Latest)
	}
	return v, err
}

// SchemaVersion has the version of the database's schema and that of this binary.
type SchemaVersion struct {
	Current, Latest uint
	// Dirty is true if a migration began and didn't complete: the schema must be repaired by hand.
	Dirty bool
}

// Version returns the schema's version; Current is 0 for an empty database.
func (d *DB) Version(ctx context.Context) (SchemaVersion, error) {
	var v SchemaVersion
	err := d.migrate(ctx, func(m *migrate.Migrate) (err error) {
		v, err = d.version(m)
		return err
	})
	return v, err
}

func (d *DB) version(m *migrate.Migrate) (v SchemaVersion, err error) {
	if v.Latest, err = d.latest(); err != nil {
		return v, err
	}
	v.Current, v.Dirty, err = m.Version()
	if errors.Is(err, migrate.ErrNilVersion) {
		err = nil
	}
	return v, err
}

// migrate runs fn on a separate connection: the library closes its connection, and a migration may take longer than
// Options.Timeout.
func (d *DB) migrate(ctx context.Context, fn func(*migrate.Migrate) error) error {
	if d.kind == SQLite {
		lock, err := lockFile(schemaLock(d.source), d.opts.LockTimeout)
		if err != nil {
			return fmt.Errorf("wait for another migration: %w", err)
		}
		defer func() { _ = lock.Close() }()
	}
	source, err := iofs.New(migrations, "migration/"+string(d.kind))
	if err != nil {
		return fmt.Errorf("embedded migrations: %w", err)
	}
	driver, err := d.migrationDriver(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), source.Close())
	}
	m, err := migrate.NewWithInstance("iofs", source, string(d.kind), &wholeSteps{Driver: driver, log: d.opts.Logger})
	if err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), source.Close(), driver.Close())
	}
	m.LockTimeout = d.opts.LockTimeout
	stop := context.AfterFunc(ctx, func() { m.GracefulStop <- true })
	defer stop()
	err = explain(fn(m))
	sourceErr, driverErr := m.Close()
	return errors.Join(err, sourceErr, driverErr)
}

// explain replaces the library's errors by wharf's own.
func explain(err error) error {
	var dirty migrate.ErrDirty
	switch {
	case err == nil, errors.Is(err, migrate.ErrNoChange):
		return nil
	case errors.As(err, &dirty):
		return fmt.Errorf("migrate: one to version %d began and did not end: put the schema right by hand, "+
			"then version and dirty in its table schema_migrations", dirty.Version)
	}
	return fmt.Errorf("migrate: %w", err)
}

func (d *DB) migrationDriver(ctx context.Context) (driver database.Driver, err error) {
	var pool *sql.DB
	defer func() {
		if err != nil && pool != nil {
			_ = pool.Close()
		}
	}()
	if d.kind == SQLite {
		if pool, err = sql.Open("sqlite", sqliteDSN(d.source)); err != nil {
			return nil, err
		}
		return sqlite.WithInstance(pool, &sqlite.Config{})
	}
	// Statements have no timeout, but the wait for locks does: for the advisory lock of another migration, and for tables in
	// use.
	conn, err := postgresConnector(d.source, 0, map[string]time.Duration{"lock_timeout": d.opts.LockTimeout})
	if err != nil {
		return nil, err
	}
	pool = sql.OpenDB(conn)
	if err := pool.PingContext(ctx); err != nil {
		return nil, err
	}
	return postgres.WithInstance(pool, &postgres.Config{})
}

// wholeSteps runs each migration and the update of its version in one transaction. The library itself writes the version
// before and after the step, so that a process killed in between leaves the schema in an unknown state.
type wholeSteps struct {
	database.Driver
	log     zerolog.Logger
	begun   bool // a step to version next has begun
	next    int
	stepped bool // the step has run and written its version
}

// SetVersion stores the version of a step in memory when the step begins. At the end of the step it writes the version only
// if Run didn't.
func (w *wholeSteps) SetVersion(version int, dirty bool) error {
	if dirty {
		w.begun, w.next, w.stepped = true, version, false
		w.log.Debug().Int("version", version).Msg("migration step begins")
		return nil
	}
	if w.begun && w.stepped && w.next == version {
		w.begun = false
		return nil
	}
	return w.Driver.SetVersion(version, false)
}

// Run runs a step and writes its version. Both drivers run a text of several statements in one transaction.
func (w *wholeSteps) Run(step io.Reader) error {
	text, err := io.ReadAll(step)
	if err != nil {
		return err
	}
	sql := strings.TrimRight(strings.TrimSpace(string(text)), ";") + ";\nDELETE FROM schema_migrations;\n"
	if w.next >= 0 {
		sql += fmt.Sprintf("INSERT INTO schema_migrations (version, dirty) VALUES (%d, false);\n", w.next)
	}
	if err := w.Driver.Run(strings.NewReader(sql)); err != nil {
		return err
	}
	w.stepped = true
	return nil
}

// latest returns the highest version among the embedded migrations.
func (d *DB) latest() (uint, error) {
	names, err := fs.Glob(migrations, "migration/"+string(d.kind)+"/*.up.sql")
	if err != nil {
		return 0, err
	}
	var latest uint64
	for _, name := range names {
		number, _, _ := strings.Cut(name[strings.LastIndex(name, "/")+1:], "_")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		latest = max(latest, n)
	}
	return uint(latest), nil
}

// WriteMigrations writes the text of an engine's migrations to w, for tests that identify a prepared database by its hash.
func WriteMigrations(w io.Writer, kind Kind) error {
	names, err := fs.Glob(migrations, "migration/"+string(kind)+"/*.up.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
