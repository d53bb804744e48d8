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
	reload := func() (int, error) {
		defer w.leases.Wake() // the leases follow the hosts
		return applyHosts(w.fleet, func() ([]dockerx.HostConfig, error) { return hostConfigs(w.cfg, w.log) })
	}
	return followHosts(ctx, w.cfg.HostsFile, reload, hangup, w.log)
}

// followHosts calls reload when the hosts file has changed, for which it looks every 2 s, and whenever now delivers (SIGHUP).
// What reload fails with is logged, once for a state of the file. It returns nil at the context's end.
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

// applyHosts makes the fleet consist of the hosts that read returns, and returns their number. After an error the fleet is as it
// was.
func applyHosts(f *dockerx.Fleet, read func() ([]dockerx.HostConfig, error)) (int, error) {
	cfgs, err := read()
	if err != nil {
		return 0, err
	}
	return len(cfgs), f.Apply(cfgs)
}

// fileStamp changes when the file does, also when a link is turned to another one.
func fileStamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "away"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}
