package main

import (
	"context"
	"fmt"
	"io"

	"wharf/util/config"
)

// backupCommand copies the SQLite database of DB_SOURCE to a file. A server may use the database meanwhile.
func backupCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("backup wants a file: %w", errUsage)
	}
	store, err := openCommand(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Backup(ctx, args[0]); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "wrote %s\n", args[0])
	return err
}
