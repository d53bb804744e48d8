package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

// statsPause is the interval at which the table is redrawn.
const statsPause = time.Second

func (a *app) statsCommand() *cobra.Command {
	var q dto.TopUsageQuery
	var once bool
	c := &cobra.Command{
		Use: "stats [CONTAINER...]", Short: "Show the resource usage of containers, live",
		Long: "Shows the running containers by resource usage, the highest first, once a second until Ctrl-C. " + referenceHelp,
		Example: lines("wharf stats", "wharf stats --no-stream --by memory --top 10",
			"wharf stats --host web-1 shop", "wharf stats -o ndjson >usage.ndjson"),
		Args: arguments(0, -1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if q.ID, q.Host, err = server.ids(c.Context(), args, q.Host); err != nil {
					return err
				}
			}
			if once {
				return a.statsOnce(c.Context(), server, q)
			}
			return a.statsLive(c.Context(), server, q)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&once, "no-stream", false, "print once and exit")
	flags.StringVar(&q.By, "by", "", "order by this `RESOURCE`: cpu or memory")
	flags.IntVar(&q.Top, "top", 0, "only the first `N` containers")
	a.outputFlag(c, "table")
	a.hostFlag(c, &q.Host)
	a.complete(c, "by", fixed("cpu", "memory"))
	c.ValidArgsFunction = a.containerNames("running", "paused")
	return c
}

// ids returns the full ids of containers, and their hosts.
func (s *connection) ids(ctx context.Context, refs, among []string) (ids, hosts []string, err error) {
	found, err := s.find(ctx, refs, among)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range found {
		d, err := s.GetContainer(ctx, t.host, t.id)
		if err != nil {
			return nil, nil, err
		}
		ids = append(ids, d.ID)
		if !slices.Contains(hosts, t.host) {
			hosts = append(hosts, t.host)
		}
	}
	return ids, hosts, nil
}

// usage returns the usage of running containers.
func (s *connection) usage(ctx context.Context, q dto.TopUsageQuery) ([]dto.Usage, []dto.HostAnswer, error) {
	top, err := s.TopUsage(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	rows := []dto.Usage{}
	for _, u := range top.Containers {
		if u.Running || len(q.ID) > 0 {
			rows = append(rows, u)
		}
	}
	hosts := make([]dto.HostAnswer, len(top.Hosts))
	for i, h := range top.Hosts {
		hosts[i] = h.HostAnswer
	}
	return rows, hosts, nil
}

func (a *app) statsOnce(ctx context.Context, s *connection, q dto.TopUsageQuery) error {
	rows, hosts, err := s.usage(ctx, q)
	if err != nil {
		return err
	}
	if err := show(a, rows, usageColumns()); err != nil {
		return err
	}
	return a.reportHosts(hosts)
}

// statsLive redraws the table until Ctrl-C.
func (a *app) statsLive(ctx context.Context, s *connection, q dto.TopUsageQuery) error {
	tick := time.NewTicker(statsPause)
	defer tick.Stop()
	for {
		rows, _, err := s.usage(ctx, q)
		if ctx.Err() != nil {
			return silently(exitInterrupted)
		}
		if err != nil {
			return err
		}
		if err := a.showUsage(rows); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return silently(exitInterrupted)
		}
	}
}

// showUsage redraws the table over the previous one or, with another format of -o, prints each row as a line.
func (a *app) showUsage(rows []dto.Usage) error {
	if a.output != "table" {
		each, err := eachRow[dto.Usage](a)
		for i := 0; err == nil && i < len(rows); i++ {
			err = each(rows[i])
		}
		return err
	}
	var frame bytes.Buffer
	if isTerminal(a.out) {
		frame.WriteString("\x1b[H\x1b[J")
	}
	if err := showTable(&frame, rows, usageColumns()); err != nil {
		return err
	}
	_, err := frame.WriteTo(a.out)
	return err
}

func usageColumns() []column[dto.Usage] {
	percent := func(f float64) string { return fmt.Sprintf("%.2f%%", f) }
	return []column[dto.Usage]{
		{"HOST", func(u dto.Usage) string { return u.Host }},
		{"CONTAINER ID", func(u dto.Usage) string { return shortID(u.ID) }},
		{"NAME", func(u dto.Usage) string { return u.Name }},
		{"CPU %", func(u dto.Usage) string { return percent(u.CPUPercent) }},
		{"MEM USAGE / LIMIT", func(u dto.Usage) string {
			return binarySize(float64(u.MemoryUsage)) + " / " + binarySize(float64(u.MemoryLimit))
		}},
		{"MEM %", func(u dto.Usage) string { return percent(u.MemoryPercent) }},
		{"NET I/O", func(u dto.Usage) string {
			return decimalSize(float64(u.NetworkRx)) + " / " + decimalSize(float64(u.NetworkTx))
		}},
		{"BLOCK I/O", func(u dto.Usage) string {
			return decimalSize(float64(u.BlockRead)) + " / " + decimalSize(float64(u.BlockWrite))
		}},
		{"PIDS", func(u dto.Usage) string { return fmt.Sprint(u.Pids) }},
	}
}
