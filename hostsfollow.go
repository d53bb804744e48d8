package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"wharf/dockerx"
)

// fileEvery is how often the hosts file is looked at.
const fileEvery = 2 * time.Second

// followHostsFile reads HOSTS_FILE anew on SIGHUP and when it changes, until ctx ends.
func (w *wharf) followHostsFile(ctx context.Context) error {
	if w.cfg.HostsFile == "" {
		return nil
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	read := func() ([]dockerx.HostConfig, error) {
		defer w.leases.Wake() // the leases follow the hosts
		return hostConfigs(w.cfg, w.log)
	}
	return followHosts(ctx, w.fleet, w.cfg.HostsFile, read, hangup, w.log)
}

// followHosts keeps the fleet as the hosts file says, which read reads: it looks whether the file has
// changed every 2 s, and reads it whenever now delivers (SIGHUP). A bad file is logged once, and
// the fleet stays as it was. It returns nil at the context's end.
func followHosts(ctx context.Context, f *dockerx.Fleet, path string, read func() ([]dockerx.HostConfig, error), now <-chan os.Signal, log zerolog.Logger) error {
	tick := time.NewTicker(fileEvery)
	defer tick.Stop()
	seen := fileStamp(path)
	for {
		forced := false
		select {
		case <-ctx.Done():
			return nil
		case <-now:
			forced = true
		case <-tick.C:
		}
		stamp := fileStamp(path)
		if stamp == seen && !forced {
			continue
		}
		seen = stamp
		if err := reload(f, read); err != nil {
			log.Error().Err(err).Msg("hosts file not taken: the hosts stay as they were")
			continue
		}
		log.Info().Int("hosts", len(f.Hosts())).Msg("hosts file taken")
	}
}

func reload(f *dockerx.Fleet, read func() ([]dockerx.HostConfig, error)) error {
	cfgs, err := read()
	if err != nil {
		return err
	}
	return f.Apply(cfgs)
}

// fileStamp changes when the file does, also when a link is turned to another one.
func fileStamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "away"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}
