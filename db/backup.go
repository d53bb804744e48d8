package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrBackupPostgres is Backup's error for a Postgres database; its message names the right tool.
var ErrBackupPostgres = errors.New("this database is a Postgres: use pg_dump (docs/deploy.md)")

// Backup writes a consistent copy of an SQLite database to a new file (0600), while servers and commands continue to use the
// database. After an error, no new file remains. Errors: ErrBackupPostgres, a file that already exists.
func (d *DB) Backup(ctx context.Context, file string) (err error) {
	if d.kind != SQLite {
		return ErrBackupPostgres
	}
	// Created here, since a file that SQLite creates may be readable by other users. SQLite accepts an empty file.
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

// syncFile flushes a file to the disk.
func syncFile(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
