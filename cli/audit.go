package cli

import (
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) auditCommand() *cobra.Command {
	var q dto.AuditQuery
	var since, until timeFlag
	var limit int
	c := &cobra.Command{
		Use: "audit", Short: "Show the audit: the actions of all callers, including refused ones",
		Long: "Shows the audit, the newest first. Requires the role admin.",
		Example: lines("wharf audit --since 1d --outcome refused", "wharf audit --container shop --action container.stop",
			"wharf audit --limit 100000 -o ndjson >audit.ndjson"),
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			q.Since, q.Until = since.at, until.at
			rows := []dto.AuditEntry{}
			for more := true; more && len(rows) < limit; more = q.Cursor != "" {
				q.Limit = min(500, limit-len(rows))
				page, err := server.ListAudit(c.Context(), q)
				if err != nil {
					return err
				}
				rows, q.Cursor = append(rows, page.Audit...), page.Cursor
			}
			return a.showAudit(rows)
		},
	}
	flags := c.Flags()
	flags.IntVarP(&limit, "limit", "n", 100, "at most this many `ROWS`")
	flags.StringVar(&q.User, "user", "", "only of this `USER`")
	flags.StringVar(&q.Host, "host", "", "only on this `HOST`")
	flags.StringVar(&q.Container, "container", "", "only on this `CONTAINER`, a name or the beginning of an id")
	flags.StringVar(&q.Action, "action", "", "only this `ACTION`, for example container.stop or login")
	flags.StringVar(&q.Outcome, "outcome", "", "only with this `OUTCOME`: pending, ok, refused, failed or unknown")
	flags.Var(&since, "since", "from this `TIME` on: "+timeHelp)
	flags.Var(&until, "until", "up to this `TIME`")
	a.outputFlag(c, "table")
	a.complete(c, "host", a.hostNames)
	a.complete(c, "outcome", fixed("pending", "ok", "refused", "failed", "unknown"))
	return c
}

func (a *app) showAudit(rows []dto.AuditEntry) error {
	return show(a, rows, []column[dto.AuditEntry]{
		{"TIME", func(e dto.AuditEntry) string { return e.At.Local().Format(time.DateTime) }},
		{"USER", func(e dto.AuditEntry) string { return e.User }},
		{"ADDRESS", func(e dto.AuditEntry) string { return e.Address }},
		{"ACTION", func(e dto.AuditEntry) string { return e.Action }},
		{"HOST", func(e dto.AuditEntry) string { return e.Host }},
		{"ON", func(e dto.AuditEntry) string {
			if e.ContainerName != "" {
				return e.ContainerName
			}
			return shortID(e.ContainerID) + e.Target
		}},
		{"OUTCOME", func(e dto.AuditEntry) string { return e.Outcome }},
		{"DETAIL", func(e dto.AuditEntry) string { return e.Detail }},
	})
}
