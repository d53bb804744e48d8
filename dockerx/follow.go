package dockerx

import (
	"context"
	"fmt"
	"os"
	"time"
)

// fileEvery is how often the hosts file is looked at.
const fileEvery = 2 * time.Second

// Follow keeps the fleet as the hosts file says, which read reads: it looks whether the file has
// changed every 2 s, and reads it whenever now delivers (SIGHUP). A bad file is logged once, and
// the fleet stays as it was. It returns nil at the context's end.
func (f *Fleet) Follow(ctx context.Context, path string, read func() ([]HostConfig, error), now <-chan os.Signal) error {
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
		if err := f.reload(read); err != nil {
			f.opts.Logger.Error().Err(err).Msg("hosts file not taken: the hosts stay as they were")
			continue
		}
		f.opts.Logger.Info().Int("hosts", len(f.Hosts())).Msg("hosts file taken")
	}
}

func (f *Fleet) reload(read func() ([]HostConfig, error)) error {
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
