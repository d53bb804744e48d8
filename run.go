package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"wharf/db"
	"wharf/token"
	"wharf/util/config"
	"wharf/util/memory"
)

// drainTimeout is how long requests in flight may take to finish after SIGTERM, once the streams have ended.
const drainTimeout = 1500 * time.Millisecond

// memoryBound is the limit in bytes of the process's memory. It rises only when more than half of it is in use.
const memoryBound = 160 << 20

// schemaPatience is how long the start waits for the database before it continues without it.
const schemaPatience = time.Second

// run serves until ctx ends. It alone starts and stops the parts that outlive a request: the database, the hosts, the
// sessions, the listener. It returns nil after a clean end.
func run(ctx context.Context, cfg config.Config, out io.Writer, hints bool) error {
	log := newLogger(cfg)
	store, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer store.Close()
	w, err := wire(cfg, store, log)
	if err != nil {
		return err
	}
	defer w.fleet.Close()
	defer w.dropUnusedKey()
	listener, err := w.listen(ctx)
	if err != nil {
		return err
	}
	return w.serve(ctx, listener, out, hints)
}

// openStore opens the database of DB_SOURCE for a server. Postgres needn't be reachable yet.
func openStore(ctx context.Context, cfg config.Config, log zerolog.Logger) (*db.DB, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	store, err := db.Open(ctx, cfg.DBSource, db.Options{Server: true, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("DB_SOURCE: %w", err)
	}
	return store, nil
}

// keyFile returns the path of the generated token key.
func keyFile(cfg config.Config) string { return filepath.Join(cfg.DataDir, "token.key") }

// newMaker returns a maker that signs with TOKEN_KEYS, or with a key that is generated once and kept in DATA_DIR. triesKey
// is derived from the same key.
func newMaker(cfg config.Config) (maker token.Maker, triesKey []byte, err error) {
	keys, err := token.ParseKeys(cfg.TokenKeys)
	if cfg.TokenKeys == "" {
		keys, err = token.LoadOrCreateKey(keyFile(cfg))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("TOKEN_KEYS: %w", err)
	}
	if cfg.TokenMaker == "paseto" {
		maker, err = token.NewPASETO(keys)
	} else {
		maker, err = token.NewJWT(keys)
	}
	return maker, keys.Secret("login tries"), err
}

// serve runs the parts until ctx ends or one of them fails.
func (w *wharf) serve(ctx context.Context, listener net.Listener, out io.Writer, hints bool) error {
	server, err := w.httpServer()
	if err != nil {
		return err
	}
	// The parts that requests use outlive ctx: they end after the last request.
	behind, endBehind := context.WithCancel(context.WithoutCancel(ctx))
	defer endBehind()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return memory.Bound(ctx, memoryBound) })
	opened := make(chan struct{})
	group.Go(func() error { return w.prepare(ctx, behind, opened, out, hints) })
	select { // if the database answers at once, wharf is ready before the first request
	case <-opened:
	case <-time.After(schemaPatience):
	case <-ctx.Done():
	}
	// The log ends after the hosts, so that their last events are still written.
	behindHosts, endLog := context.WithCancel(context.WithoutCancel(ctx))
	defer endLog()
	group.Go(func() error {
		select { // until then events of the hosts wait in memory
		case <-opened:
			return w.events.Run(behindHosts)
		case <-behindHosts.Done():
			return nil
		}
	})
	leading, endFleet := context.WithCancel(context.WithoutCancel(ctx))
	defer endFleet()
	group.Go(func() error {
		defer endLog()
		return w.fleet.Run(leading)
	})
	group.Go(func() error {
		defer endFleet() // events read so far are stored: other replicas can take over the hosts
		return w.lead(behind, opened)
	})
	group.Go(func() error { return w.followHostsFile(ctx) })
	group.Go(func() error {
		w.log.Info().Str("address", listener.Addr().String()).Str("version", version).Msg("listening")
		return serveHTTP(server, listener)
	})
	group.Go(func() error {
		<-ctx.Done()
		w.stopping.Store(true)
		w.log.Info().Msg("stopping")
		w.drain(behind, server)
		endBehind()
		return nil
	})
	return group.Wait()
}

// prepare waits for the database, migrates its schema and creates the first admin that the settings name. Then it closes
// opened and runs the parts that need the database until behind ends.
func (w *wharf) prepare(ctx, behind context.Context, opened chan<- struct{}, out io.Writer, hints bool) error {
	err := w.openSchema(ctx)
	if err == nil {
		err = w.announceSetup(ctx, out, hints)
	}
	if err != nil {
		return unlessStopped(ctx, err)
	}
	w.migrated.Store(true)
	close(opened)
	group, behind := errgroup.WithContext(behind)
	group.Go(func() error { return w.sessions.Run(behind) })
	group.Go(func() error { return w.audit.Run(behind) })
	group.Go(func() error { return w.terminals.Run(behind) })
	group.Go(func() error { return w.bulk.Run(behind) })
	group.Go(func() error { return w.requests.Run(behind) })
	group.Go(func() error { return w.recreate.Run(behind) })
	return group.Wait()
}

// unlessStopped drops an error if the server is stopping, since the stop caused it.
func unlessStopped(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

func (w *wharf) openSchema(ctx context.Context) error {
	if err := w.store.WaitReady(ctx); err != nil {
		return fmt.Errorf("DB_SOURCE: %w", err)
	}
	if err := w.refuseLostDatabase(ctx); err != nil {
		return err
	}
	if w.cfg.DBMigrate {
		if err := w.store.Migrate(ctx); err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
	}
	if w.cfg.DBMigrate { // without migrations by wharf the schema may be missing
		if err := errors.Join(w.audit.EndOwn(ctx), w.bulk.EndOwn(ctx)); err != nil {
			return err
		}
	}
	if w.cfg.AdminUsername == "" {
		return nil
	}
	created, err := w.users.Bootstrap(ctx, w.cfg.AdminUsername, w.cfg.AdminPasswordFile)
	if err != nil {
		return fmt.Errorf("ADMIN_USERNAME, ADMIN_PASSWORD_FILE: %w", err)
	}
	if created {
		w.log.Info().Str("user", w.cfg.AdminUsername).Msg("created the first admin")
	}
	return nil
}

// dropUnusedKey removes a token key that this start generated if the database never answered. Otherwise the next start would
// take it for the key of an earlier database (see refuseLostDatabase).
func (w *wharf) dropUnusedKey() {
	if w.cfg.TokenKeys == "" && !w.keyed && !w.migrated.Load() {
		_ = os.Remove(keyFile(w.cfg))
	}
}

// refuseLostDatabase returns an error if the database is empty but DATA_DIR holds the token key of an earlier one: a volume
// isn't mounted, or DB_SOURCE is wrong. Otherwise the first caller could create itself as admin.
func (w *wharf) refuseLostDatabase(ctx context.Context) error {
	if !w.keyed || w.cfg.DBNew {
		return nil
	}
	v, err := w.store.Version(ctx)
	if err != nil || v.Current > 0 || v.Dirty {
		return err
	}
	return fmt.Errorf("DB_SOURCE: the database is empty, but %s is there from an earlier start: is the right database mounted? DB_NEW=true starts with a new one",
		keyFile(w.cfg))
}

// ready returns nil if the server is ready, for /readyz.
func (w *wharf) ready(ctx context.Context) error {
	switch {
	case w.stopping.Load():
		return errors.New("stopping")
	case !w.migrated.Load():
		return errors.New("waiting for the database")
	case !w.events.Ready():
		return errors.New("waiting for the event log")
	}
	return w.store.Writable(ctx)
}

// drain ends the streams, then waits for requests in flight, and cuts off those that take longer than drainTimeout.
func (w *wharf) drain(ctx context.Context, server *http.Server) {
	var ending sync.WaitGroup
	ending.Go(w.api.EndStreams)
	ending.Go(w.terminals.Close)
	ending.Go(w.bulk.Close)
	ending.Go(w.pulls.Close)
	ending.Go(w.recreate.Close)
	ending.Wait()
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		w.log.Warn().Err(err).Msg("requests were cut off")
		_ = server.Close()
	}
}
