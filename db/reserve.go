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
	// reserveSize is how many bytes of the disk a server reserves beside its SQLite file.
	reserveSize = 4 << 20
	// reserveStep is how many bytes of the reserve are released at once.
	reserveStep = 256 << 10
)

// reserveFile returns the path of the file that is the reserve.
func reserveFile(path string) string { return path + ".reserve" }

// InTxReserved is like InTx, for transactions that take rights away and must succeed on a full disk too: there it releases a
// part of the reserve and runs fn again. Only a server on SQLite has a reserve.
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

// fillReserve makes the reserve, or fills it up to its size. Errors: a disk without that much room.
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

// useReserve releases a part of the reserve, and reports whether there was any.
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
	d.opts.Logger.Warn().Int64("left", info.Size()-reserveStep).Msg("the disk is full: revoking rights with the reserve")
	return true
}
