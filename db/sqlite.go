package db

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteParams are all needed. Without the two time options, times are stored in Go's print format and compare wrongly (the
// wrong sessions expire). Without immediate, a transaction that reads before it writes fails under load despite
// busy_timeout.
var sqliteParams = url.Values{
	"_time_format": {"sqlite"},
	"_timezone":    {"UTC"},
	"_txlock":      {"immediate"},
	"_pragma":      {"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(WAL)"},
}

// openSQLite opens a file. It creates the file (0600, as it contains password hashes) and its folder (0700) if they are
// missing.
func openSQLite(path string, opts Options) (*DB, error) {
	if path == "" {
		return nil, errors.New(`database: "sqlite:" needs a path`)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("database file: %w", err)
	}
	// One name per file, as the paths of the locks and of SQLite's write-ahead log are derived from it.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("database file: %w", err)
	}
	if opts.Server {
		if err := refuseLinks(path); err != nil {
			return nil, err
		}
	}
	pool, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	d := newDB(SQLite, path, pool, opts)
	if opts.Server {
		if d.server, err = lockFile(serverLock(path), 0); err != nil {
			return nil, errors.Join(fmt.Errorf("another wharf serves %s: %w", path, err), pool.Close())
		}
		if err := fillReserve(path); err != nil {
			opts.Logger.Warn().Err(err).Msg("no room on the disk for the reserve")
		}
	}
	return d, nil
}

// refuseLinks returns an error for a file with several names: a server that opened another name would use another lock and
// another write-ahead log, and the two servers would corrupt the file.
func refuseLinks(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	if n := hardLinks(info); n > 1 {
		return fmt.Errorf("database file: %s has %d names (hard links), by which another server could open it: remove the others", path, n)
	}
	return nil
}

func sqliteDSN(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: sqliteParams.Encode()}
	return u.String()
}

// There are two locks. The server's lock excludes a second server until Close, since a server on SQLite relies on being the
// only one; commands such as `wharf user add` can run beside it. The schema's lock is held by servers and commands only while
// they check and change the schema.
func serverLock(path string) string { return path + ".server.lock" }
func schemaLock(path string) string { return path + ".schema.lock" }

// errLocked is the error for a lock that another process holds.
var errLocked = errors.New("locked by another process")

// lockFile takes an exclusive lock on a file; while another process holds it, lockFile retries until wait has passed. Closing
// the file releases the lock, as does the end of the process, even by SIGKILL. The file is never removed: otherwise two
// processes could lock two different files with the same name.
func lockFile(path string, wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(wait); ; <-time.After(20 * time.Millisecond) {
		err := tryLock(f)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, errLocked) || !time.Now().Before(end) {
			return nil, errors.Join(err, f.Close())
		}
	}
}
