package main

import (
	"context"
	"fmt"
	"io"

	"wharf/db"
	"wharf/util/config"
)

// migrateCommand migrates the database of DB_SOURCE up or down, or only prints its schema version.
func migrateCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("migrate wants one of up, down, version: %w", errUsage)
	}
	store, err := openCommand(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	switch args[0] {
	case "up":
		err = store.Migrate(ctx)
	case "down":
		err = store.MigrateDown(ctx, 1)
	case "version":
	default:
		return fmt.Errorf("migrate: unknown %q: %w", args[0], errUsage)
	}
	if err != nil {
		return err
	}
	v, err := store.Version(ctx)
	if err != nil {
		return err
	}
	dirty := ""
	if v.Dirty {
		dirty = ", dirty: a migration began and did not end"
	}
	_, err = fmt.Fprintf(out, "%s schema version %d (this wharf's is %d)%s\n", store.Kind(), v.Current, v.Latest, dirty)
	return err
}

// openCommand opens the database for a command that may run while a server uses it.
func openCommand(ctx context.Context, cfg config.Config) (*db.DB, error) {
	store, err := db.Open(ctx, cfg.DBSource, db.Options{})
	if err != nil {
		return nil, fmt.Errorf("DB_SOURCE: %w", err)
	}
	return store, nil
}
