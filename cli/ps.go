package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) psCommand() *cobra.Command {
	var q dto.AllContainersQuery
	var all, quiet, whole bool
	c := &cobra.Command{
		Use: "ps", Aliases: []string{"ls"}, Short: "List the containers of all hosts",
		Long: "Lists the running containers of all hosts. If a host doesn't answer, it is reported on standard error and the exit code\n" +
			"is 7.",
		Example: lines("wharf ps", "wharf ps -a --host web-1 --label com.docker.compose.project=shop",
			"wharf ps --state exited --sort -created", `wharf ps -o template='{{.Host}}/{{.Name}} {{.State}}'`, "wharf stop $(wharf ps -q --image redis)"),
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if !all && len(q.State) == 0 {
				q.State = []string{"running", "paused", "restarting"}
			}
			server, err := a.connect()
			if err != nil {
				return err
			}
			rows, hosts, err := server.containers(c.Context(), q)
			if err != nil {
				return err
			}
			if err := a.showContainers(rows, quiet, whole); err != nil {
				return err
			}
			return a.reportHosts(hosts)
		},
	}
	flags := c.Flags()
	flags.BoolVarP(&all, "all", "a", false, "also containers that aren't running")
	flags.BoolVarP(&quiet, "quiet", "q", false, "print only HOST/ID, as other commands accept it")
	flags.BoolVar(&whole, "no-trunc", false, "print full ids")
	flags.StringArrayVar(&q.State, "state", nil, "only in this `STATE`: running, exited, paused, created, restarting or dead; may be repeated, any may match")
	flags.StringArrayVar(&q.Name, "name", nil, "only with this `PART` of the name; may be repeated, any may match")
	flags.StringArrayVar(&q.Image, "image", nil, "only with this `PART` of the image's name; may be repeated, any may match")
	flags.StringVar(&q.Text, "search", "", "only with this `TEXT` in the id, name, image, host, state, status or a label")
	flags.StringVar(&q.Sort, "sort", "", "sort `BY` host, name, image, state or created; a leading - sorts in descending order")
	a.hostFlag(c, &q.Host)
	a.labelFlag(c, &q.Label)
	a.outputFlag(c, "table")
	a.complete(c, "state", fixed("running", "exited", "paused", "created", "restarting", "dead"))
	a.complete(c, "sort", fixed("host", "name", "image", "state", "created", "-created"))
	return c
}

// containers returns the rows of all pages, and each host's answer.
func (s *connection) containers(ctx context.Context, q dto.AllContainersQuery) ([]dto.HostedContainer, []dto.HostAnswer, error) {
	q.Limit = 5000
	rows := []dto.HostedContainer{}
	for {
		page, err := s.ListAllContainers(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, page.Containers...)
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return rows, page.Hosts, nil
		}
	}
}

func (a *app) showContainers(rows []dto.HostedContainer, quiet, whole bool) error {
	id := shortID
	if whole {
		id = func(s string) string { return s }
	}
	if quiet {
		for _, r := range rows {
			if err := a.printLine(r.Host + "/" + id(r.ID)); err != nil {
				return err
			}
		}
		return nil
	}
	now := time.Now()
	return show(a, rows, []column[dto.HostedContainer]{
		{"HOST", func(r dto.HostedContainer) string { return r.Host }},
		{"CONTAINER ID", func(r dto.HostedContainer) string { return id(r.ID) }},
		{"IMAGE", func(r dto.HostedContainer) string { return r.Image }},
		{"CREATED", func(r dto.HostedContainer) string { return ago(r.Created, now) }},
		{"STATUS", func(r dto.HostedContainer) string { return r.Status }},
		{"NAMES", func(r dto.HostedContainer) string { return r.Name }},
	})
}

// reportHosts warns about the hosts that didn't answer. Errors: exitPartly if there is one.
func (a *app) reportHosts(hosts []dto.HostAnswer) error {
	missing := 0
	for _, h := range hosts {
		if !h.OK {
			missing++
			a.warn("%s: %s", h.Host, h.Error)
		}
	}
	if missing == 0 {
		return nil
	}
	return exit(exitPartly, "%s didn't answer: wharf hosts shows why", count(missing, "host"))
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
