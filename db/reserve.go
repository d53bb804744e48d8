package db

import (
	"context"
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wharf/db/sqlc"
)

const (
	// reserveSize is how much room on the disk a server keeps beside its SQLite file, in bytes.
	reserveSize = 4 << 20
	// reserveStep is how much of it is given up at once.
	reserveStep = 256 << 10
)

// reserveFile takes up the room.
func reserveFile(path string) string { return path + ".reserve" }

// InTxReserved is InTx for what takes rights away, which must be possible on a full disk too: there it
// uses up the reserve, and runs fn again. Only a server on SQLite has one.
func (d *DB) InTxReserved(ctx context.Context, fn func(*sqlc.Queries) error) error {
	for {
		err := d.InTx(ctx, fn)
		if !diskFull(err) || !d.useReserve() {
			return err
		}
	}
}

func diskFull(err error) bool {
	lite := (*sqlite.Error)(nil)
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_FULL
}

// fillReserve makes the reserve, or brings it back to its size. Errors: a disk without that much room.
func fillReserve(path string) (err error) {
	f, err := os.OpenFile(reserveFile(path), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || info.Size() >= reserveSize {
		return err
	}
	// Written, not just set to a size: a file with holes takes up no room.
	if _, err := f.WriteAt(make([]byte, reserveSize-info.Size()), info.Size()); err != nil {
		return errors.Join(fmt.Errorf("reserve: %w", err), f.Truncate(info.Size()))
	}
	return nil
}

// useReserve gives a part of the reserve back to the disk, and reports whether there was any.
func (d *DB) useReserve() bool {
	if d.server == nil {
		return false
	}
	info, err := os.Stat(reserveFile(d.source))
	if err != nil || info.Size() < reserveStep {
		return false
	}
	if err := os.Truncate(reserveFile(d.source), info.Size()-reserveStep); err != nil {
		return false
	}
	d.opts.Logger.Warn().Int64("left", info.Size()-reserveStep).Msg("the disk is full: taking rights away with the room kept for that")
	return true
}
