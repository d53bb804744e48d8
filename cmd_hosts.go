package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"

	"wharf/dockerx"
	"wharf/dockerx/connect"
	"wharf/util/config"
	"wharf/util/text"
)

// hostsCommand checks every host and prints a table of the results. It returns an error if a host can't be used.
func hostsCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "check" {
		return fmt.Errorf("hosts wants check: %w", errUsage)
	}
	hosts, err := hostConfigs(cfg, zerolog.Nop())
	if err != nil {
		return err
	}
	fleet, err := dockerx.NewFleet(hosts, dockerx.Options{})
	if err != nil {
		return err
	}
	defer fleet.Close()
	rows := make([]string, len(hosts))
	var checking sync.WaitGroup
	var bad atomic.Int32
	for i, h := range fleet.Hosts() {
		checking.Go(func() {
			status, err := h.Check(ctx)
			if err != nil {
				bad.Add(1)
			}
			rows[i] = checkRow(h, status, err)
		})
	}
	checking.Wait()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "HOST\tADDRESS\tSTATUS\tENGINE\tAPI\tOS\tLATENCY")
	fmt.Fprintln(table, strings.Join(rows, "\n"))
	if err := table.Flush(); err != nil {
		return err
	}
	if n := bad.Load(); n > 0 {
		return fmt.Errorf("%d of %d hosts can't be used", n, len(hosts))
	}
	return nil
}

func checkRow(h *dockerx.Host, s dockerx.Status, err error) string {
	status := string(s.State)
	if err != nil {
		status = fmt.Sprintf("%s: %s", s.State, connect.FaultOf(err))
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s", text.Terminal(h.Name()), text.Terminal(h.Addr()), text.Terminal(status),
		text.Terminal(s.EngineVersion), text.Terminal(s.APIVersion), text.Terminal(s.OS), s.Latency.Round(10*time.Microsecond))
}
