package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) hostsCommand() *cobra.Command {
	var q dto.HostQuery
	c := &cobra.Command{
		Use: "hosts", Short: "Show the status of each host",
		Long:    "Shows the hosts of a server and their status. `wharf hosts check` doesn't ask a server: it reads the settings of a server\non this machine and connects to each host in them.",
		Example: lines("wharf hosts", "wharf hosts --label env=prod", `wharf hosts -o template='{{.Host}} {{.Status}}'`),
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			rows, err := server.ListHostStatus(c.Context(), q)
			if err != nil {
				return err
			}
			return a.showHosts(rows)
		},
	}
	a.labelFlag(c, &q.Label)
	a.outputFlag(c, "table")
	c.AddCommand(&cobra.Command{Use: "check", Short: "Connect to each host in this machine's settings (see wharf --help)", Run: func(*cobra.Command, []string) {}})
	return c
}

func (a *app) showHosts(rows []dto.HostStatus) error {
	now := time.Now()
	return show(a, rows, []column[dto.HostStatus]{
		{"HOST", func(r dto.HostStatus) string { return r.Host }},
		{"ADDRESS", func(r dto.HostStatus) string { return r.Addr }},
		{"STATUS", func(r dto.HostStatus) string {
			if r.Status != "up" && r.LastError != "" {
				return r.Status + ": " + r.LastError
			}
			return r.Status
		}},
		{"SINCE", func(r dto.HostStatus) string { return ago(r.Since, now) }},
		{"ENGINE", func(r dto.HostStatus) string { return r.EngineVersion }},
		{"OS", func(r dto.HostStatus) string { return strings.Trim(r.OS+"/"+r.Arch, "/") }},
		{"CPUS", func(r dto.HostStatus) string { return number(r.CPUs) }},
		{"MEMORY", func(r dto.HostStatus) string {
			if r.Memory == 0 {
				return ""
			}
			return binarySize(float64(r.Memory))
		}},
		{"RUNNING", func(r dto.HostStatus) string { return number(r.Containers["running"]) }},
		{"LATENCY", func(r dto.HostStatus) string { return fmt.Sprintf("%.2fms", r.LatencyMS) }},
	})
}

// number returns "" for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
