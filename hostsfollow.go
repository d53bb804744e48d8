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

// fileEvery is the interval between two checks of the hosts file.
const fileEvery = 2 * time.Second

// followHostsFile reloads HOSTS_FILE on SIGHUP and when the file changes, until ctx ends.
func (w *wharf) followHostsFile(ctx context.Context) error {
	if w.cfg.HostsFile == "" {
		return nil
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	reload := func() (int, error) {
		defer w.leases.Wake() // the leases cover the new list of hosts
		return applyHosts(w.fleet, func() ([]dockerx.HostConfig, error) { return hostConfigs(w.cfg, w.log) })
	}
	return followHosts(ctx, w.cfg.HostsFile, reload, hangup, w.log)
}

// followHosts calls reload when the hosts file has changed, which it checks every 2 s, and whenever now delivers (SIGHUP).
// It logs an error of reload once for each change of the file. It returns nil when ctx ends.
func followHosts(ctx context.Context, path string, reload func() (hosts int, err error), now <-chan os.Signal, log zerolog.Logger) error {
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
		hosts, err := reload()
		if err != nil {
			log.Error().Err(err).Msg("hosts file not taken: the hosts stay as they were")
			continue
		}
		log.Info().Int("hosts", hosts).Msg("hosts file taken")
	}
}

// applyHosts replaces the fleet's hosts by those that read returns, and returns their number. After an error the fleet is
// unchanged.
func applyHosts(f *dockerx.Fleet, read func() ([]dockerx.HostConfig, error)) (int, error) {
	cfgs, err := read()
	if err != nil {
		return 0, err
	}
	return len(cfgs), f.Apply(cfgs)
}

// fileStamp returns a value that changes when the file changes, or when a symbolic link gets another target.
func fileStamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "away"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}
