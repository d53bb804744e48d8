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
	// reserveSize is the size in bytes of the reserve on the disk, a file next to the SQLite database.
	reserveSize = 4 << 20
	// reserveStep is how many bytes of the reserve are released at a time.
	reserveStep = 256 << 10
)

// reserveFile returns the path of the reserve.
func reserveFile(path string) string { return path + ".reserve" }

// InTxReserved is like InTx, for transactions that revoke rights and must succeed even on a full disk: then it releases a
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

// fillReserve creates the reserve, or extends it to its full size. Errors: too little free space on the disk.
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
	// Zeros are written: a sparse file of this size would occupy no space.
	if _, err := f.WriteAt(make([]byte, reserveSize-info.Size()), info.Size()); err != nil {
		return errors.Join(fmt.Errorf("reserve: %w", err), f.Truncate(info.Size()))
	}
	return nil
}

// useReserve releases a part of the reserve, and reports whether it did.
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
