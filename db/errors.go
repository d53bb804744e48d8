package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wharf/util/apperr"
)

// MapError classifies a query's error: NotFound for no rows and for a reference to a missing row, Conflict for a violated
// unique constraint. It returns other errors unchanged, so that they are Internal.
func MapError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return apperr.Wrap(apperr.NotFound, err, "not found")
	}
	if table, ok := uniqueViolation(err); ok {
		msg := "already exists"
		if table == "users" {
			// Naming one of the two would reveal which users are registered.
			msg = "username or email is already taken"
		}
		return apperr.Wrap(apperr.Conflict, err, "%s", msg)
	}
	if foreignKeyViolation(err) {
		return apperr.Wrap(apperr.NotFound, err, "not found")
	}
	return err
}

// isUndone reports whether a failed transaction had no effect and may succeed if it is run again: Postgres aborted it because
// of another one, or its connection was dead before the commit.
func isUndone(err error) bool {
	if pg := (*pq.Error)(nil); errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001") {
		return true
	}
	atCommit := (*commitError)(nil)
	return (errors.Is(err, driver.ErrBadConn) || errors.Is(err, errAnswerLost)) && !errors.As(err, &atCommit)
}

// IsNoRows reports whether a :one query found no row.
func IsNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// uniqueViolation returns the table whose unique or primary key rejected a row.
func uniqueViolation(err error) (table string, ok bool) {
	if pg := (*pq.Error)(nil); errors.As(err, &pg) {
		return pg.Table, pg.Code == "23505"
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			// "…UNIQUE constraint failed: users.username_folded (2067)"
			_, columns, _ := strings.Cut(lite.Error(), "failed: ")
			if _, after, found := strings.Cut(columns, "failed: "); found {
				columns = after
			}
			table, _, _ = strings.Cut(columns, ".")
			return table, true
		}
	}
	return "", false
}

func foreignKeyViolation(err error) bool {
	if pg := (*pq.Error)(nil); errors.As(err, &pg) {
		return pg.Code == "23503"
	}
	lite := (*sqlite.Error)(nil)
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}
