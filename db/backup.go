package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrBackupPostgres says how a Postgres is backed up.
var ErrBackupPostgres = errors.New("this database is a Postgres: use pg_dump (docs/deploy.md)")

// Backup writes a copy of an SQLite database to a new file (0600), as it is at one moment, while servers and commands go on
// using it. Errors: ErrBackupPostgres, a file that is there already; then nothing is left behind.
func (d *DB) Backup(ctx context.Context, file string) (err error) {
	if d.kind != SQLite {
		return ErrBackupPostgres
	}
	// Made first: SQLite fills an empty file, and would make one that others can read.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("backup: %s is there already", file)
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file)
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	whole, err := filepath.Abs(file) // "file:…" would be a URI
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if _, err := d.pool.ExecContext(ctx, "VACUUM INTO ?", whole); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncFile(file)
}

// syncFile has what was written to a file reach the disk.
func syncFile(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
