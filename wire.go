package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"wharf/api"
	"wharf/db"
	"wharf/dockerx"
	"wharf/dockerx/events"
	"wharf/dockerx/images"
	"wharf/dockerx/stats"
	"wharf/service"
	"wharf/service/bulk"
	"wharf/service/eventlog"
	"wharf/service/leases"
	"wharf/service/pulls"
	"wharf/service/recreate"
	"wharf/service/terminal"
	"wharf/token"
	"wharf/util/config"
	"wharf/util/password"
	"wharf/util/steady"
)

// wharf holds the parts that run starts and stops.
type wharf struct {
	cfg       config.Config
	log       zerolog.Logger
	store     *db.DB
	fleet     *dockerx.Fleet
	events    *eventlog.Log
	leases    *leases.Leases // nil on SQLite: one process reads all hosts
	users     *service.Users
	sessions  *service.Sessions
	audit     *service.Audit
	terminals *terminal.Terminals
	bulk      *bulk.Bulk
	requests  *service.IdempotentRequests
	pulls     *pulls.Pulls
	recreate  *recreate.Recreations
	api       *api.Server
	setup     string      // one-time token for the first user
	keyed     bool        // DATA_DIR had a token key before this start
	migrated  atomic.Bool // the database has answered and has its schema
	stopping  atomic.Bool
}

// wire creates the parts. It starts nothing and connects to nothing.
func wire(cfg config.Config, store *db.DB, log zerolog.Logger) (*wharf, error) {
	keyed := cfg.TokenKeys == "" && token.HasKey(keyFile(cfg))
	maker, triesKey, err := newMaker(cfg)
	if err != nil {
		return nil, err
	}
	proxies, err := cfg.Proxies()
	if err != nil {
		return nil, err
	}
	server, err := serverName(cfg)
	if err != nil {
		return nil, err
	}
	w := &wharf{cfg: cfg, log: log, store: store, keyed: keyed, setup: service.NewSetupToken()}
	clock := &steady.Clock{Jumped: func(by time.Duration) {
		log.Warn().Dur("by_ms", by).Msg("the system's clock jumped: nothing is deleted for its age until it has run steadily for an hour")
	}}
	w.audit = service.NewAudit(store, service.AuditOptions{Logger: log, Clock: clock, Server: server, Max: cfg.AuditMax})
	if err := w.wireHosts(server, clock); err != nil {
		return nil, err
	}
	w.wireUsers(maker, triesKey, clock)
	door := w.wireOperations(server)
	w.requests = service.NewIdempotentRequests(w.store)
	w.api = api.New(api.Options{
		Logger: log, Users: w.users, Sessions: w.sessions, Hosts: door, Terminals: w.terminals, Bulk: w.bulk, Pulls: w.pulls,
		Events: service.NewEvents(w.events), Audit: w.audit, Requests: w.requests, Ready: w.ready,
		Open: cfg.AuthMode == "open", OpenNetwork: cfg.AllowOpenNetwork, AnonRole: service.Role(cfg.AnonRole), MaskSecrets: cfg.MaskSecrets,
		StreamsPerUser: cfg.StreamsPerUser, MaxStreams: cfg.MaxStreams, AllowedHosts: cfg.AllowedHosts, TrustedProxies: proxies, CORSOrigins: cfg.CORSOrigins,
		Version: version, Metrics: api.MetricsMode(cfg.Metrics), MetricsContainers: cfg.MetricsContainersMax,
	})
	return w, nil
}

// wireHosts creates the fleet, the log of its events, and the leases that divide the hosts among the replicas.
func (w *wharf) wireHosts(server string, clock *steady.Clock) error {
	cfg, log := w.cfg, w.log
	hosts, err := hostConfigs(cfg, log)
	if err != nil {
		return err
	}
	registries, err := registryLogins(cfg, log)
	if err != nil {
		return err
	}
	shared := w.store.Kind() == db.Postgres // among replicas
	if shared {
		w.leases = w.newLeases(server)
	}
	w.events = eventlog.New(w.store, eventlog.Options{
		Logger: log, Clock: clock, Keep: cfg.EventsKeep, Max: cfg.EventsMax, Attribute: w.audit.Attribute,
		Delivered: func(e events.Event) { w.fleet.Deliver(e) },
		Leased:    shared, Refused: w.leases.Wake, Retains: w.leases.First, Poll: -1, // the leases' beat checks for records of other replicas
	})
	w.fleet, err = dockerx.NewFleet(hosts, dockerx.Options{
		Logger: log, OnEvent: w.onEvent, Resume: w.events.Resume, Led: shared, OnStatus: w.leases.StatusChanged, Samplers: w.leases.Samplers,
		Logs: dockerx.LogSourceKind(cfg.LogsSource), Registries: registries, PullStall: cfg.PullStall,
		Stats: stats.Options{
			Source: stats.SourceKind(cfg.StatsSource), Idle: cfg.StatsIdle, Budget: cfg.StatsBudget, Logger: log,
		},
	})
	return err
}

// onEvent receives each event of each host. It doesn't block.
func (w *wharf) onEvent(e events.Event) {
	w.events.Publish(e)
	if e.Kind == events.KindHost && e.Action == "connected" {
		w.recreate.HostIsBack()
	}
}

// wireUsers creates the users and their sessions.
func (w *wharf) wireUsers(maker token.Maker, triesKey []byte, clock *steady.Clock) {
	cfg, hasher := w.cfg, password.New(password.Options{})
	w.users = service.NewUsers(w.store, service.UsersOptions{
		Hasher: hasher, Audit: w.audit, PasswordMin: cfg.PasswordMin, PasswordStrict: cfg.PasswordPolicy == "strict",
		OpenSignup: cfg.Signup == "open", SetupToken: w.setup, WaiveSetup: cfg.Unproxied(), TriesKey: triesKey,
	})
	w.sessions = service.NewSessions(w.store, maker, service.SessionsOptions{
		Clock: clock, Hasher: hasher, Audit: w.audit, AccessTTL: cfg.AccessTokenTTL, RefreshTTL: cfg.RefreshTokenTTL, Rotate: cfg.RefreshRotation, TriesKey: triesKey,
	})
}

// wireOperations creates the parts that act on the hosts for users, and returns the service through which they reach hosts.
func (w *wharf) wireOperations(server string) *service.Hosts {
	door := service.NewHosts(w.fleet, w.audit)
	if w.cfg.LogsRole == "operator" {
		door.LogsForOperators()
	}
	w.recreate = recreate.New(w.store, w.fleet, recreate.Options{Server: server, Record: w.audit.RecordRecreated, Logger: w.log})
	door.UseRecreations(w.recreate)
	w.terminals = terminal.New(door, w.sessions, w.audit, terminalOptions(w.cfg, w.store, w.log))
	w.bulk = bulk.New(w.store, door, w.sessions, bulk.Options{Server: server, Logger: w.log})
	w.pulls = pulls.New(door, pullOptions(w.store, w.log))
	return door
}

func pullOptions(store *db.DB, log zerolog.Logger) pulls.Options {
	o := pulls.Options{Logger: log}
	if store.Kind() == db.Postgres {
		o.Shared = store
	}
	return o
}

// registryLogins reads REGISTRY_CONFIG, and logs which registries in it wharf can't log in to.
func registryLogins(cfg config.Config, log zerolog.Logger) (*images.Credentials, error) {
	registries, err := images.OpenCredentials(cfg.RegistryConfig)
	if err != nil {
		return nil, fmt.Errorf("REGISTRY_CONFIG: the file %w", err)
	}
	if unread := registries.Unread(); len(unread) > 0 {
		log.Warn().Strs("registries", unread).
			Msg("REGISTRY_CONFIG leaves these registries to credential helpers, which wharf doesn't run: their images are pulled without a login")
	}
	return registries, nil
}

// serverName returns a name that identifies this server on a shared database. It is kept in DATA_DIR across restarts.
func serverName(cfg config.Config) (string, error) {
	file := filepath.Join(cfg.DataDir, "server.name")
	name, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		name = []byte(rand.Text())
		err = os.WriteFile(file, name, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("DATA_DIR: %w", err)
	}
	return string(name), nil
}

// terminalOptions returns the settings that begin with EXEC_.
func terminalOptions(cfg config.Config, store *db.DB, log zerolog.Logger) terminal.Options {
	o := terminal.Options{
		Off: !cfg.ExecEnabled, Idle: cfg.ExecIdle, Longest: cfg.ExecLongest, PerUser: cfg.ExecPerUser, Total: cfg.ExecMax,
		RecordKeep: cfg.ExecRecordKeep, Logger: log,
	}
	if store.Kind() == db.Postgres {
		o.Shared = store
	}
	if cfg.ExecRecord == "output" {
		o.Records = filepath.Join(cfg.DataDir, "terminals")
	}
	return o
}
