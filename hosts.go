package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"

	"wharf/dockerx"
	"wharf/util/config"
	"wharf/util/text"
)

// hostConfigs reads HOSTS_FILE, or DOCKER_HOSTS where there is none.
func hostConfigs(cfg config.Config, log zerolog.Logger) ([]dockerx.HostConfig, error) {
	hosts, setting, err := parseHosts(cfg)
	if err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if !h.PlainTCP() {
			continue
		}
		if cfg.AuthMode == "required" && !cfg.AllowPlainTCP {
			return nil, fmt.Errorf("%s: host %q is tcp without TLS, which whoever is on the way controls: "+
				"add certificates (DOCKER_CERT_PATH), or set ALLOW_PLAIN_TCP=true", setting, h.Name)
		}
		log.Warn().Str("docker_host", h.Name).Msg("tcp without TLS: whoever is on the way to this host controls it")
	}
	return hosts, nil
}

func parseHosts(cfg config.Config) (hosts []dockerx.HostConfig, setting string, err error) {
	if cfg.HostsFile == "" {
		hosts, err = dockerx.ParseHosts(cfg.DockerHosts, cfg.DockerCertPath)
		return hosts, "DOCKER_HOSTS", err
	}
	text, err := os.ReadFile(cfg.HostsFile)
	if err == nil {
		hosts, err = dockerx.ParseHostsFile(text, cfg.DockerCertPath)
	}
	if err != nil {
		err = fmt.Errorf("HOSTS_FILE: %w", err)
	}
	return hosts, "HOSTS_FILE", err
}

// followHostsFile reads HOSTS_FILE anew on SIGHUP and when it changes, until ctx ends.
func (w *wharf) followHostsFile(ctx context.Context) error {
	if w.cfg.HostsFile == "" {
		return nil
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	read := func() ([]dockerx.HostConfig, error) { return hostConfigs(w.cfg, w.log) }
	return w.fleet.Follow(ctx, w.cfg.HostsFile, read, hangup)
}

// hostsCommand tries each host and prints how it went.
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
		status = fmt.Sprintf("%s: %s", s.State, dockerx.FaultOf(err))
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s", text.Terminal(h.Name()), text.Terminal(h.Addr()), text.Terminal(status),
		text.Terminal(s.EngineVersion), text.Terminal(s.APIVersion), text.Terminal(s.OS), s.Latency.Round(10*time.Microsecond))
}
