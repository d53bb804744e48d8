package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

// stockQuery adds the flags of a list of images, volumes or networks to a command. The returned function builds the query.
func (a *app) stockQuery(c *cobra.Command) func() dto.StockQuery {
	q := &dto.StockQuery{Limit: 5000}
	var used, unused bool
	flags := c.Flags()
	flags.StringArrayVar(&q.Name, "name", nil, "only with this `PART` of the name; may be repeated, any may match")
	flags.StringVar(&q.Text, "search", "", "only with this `TEXT` in an id, a name, the host or a label")
	flags.BoolVar(&used, "used", false, "only those that a container uses")
	flags.BoolVar(&unused, "unused", false, "only those that no container uses")
	c.MarkFlagsMutuallyExclusive("used", "unused")
	a.hostFlag(c, &q.Host)
	a.labelFlag(c, &q.Label)
	a.outputFlag(c, "table")
	return func() dto.StockQuery {
		switch {
		case used:
			q.InUse = "true"
		case unused:
			q.InUse = "false"
		}
		return *q
	}
}

// listStock shows all pages of a list of images, volumes or networks, and reports which hosts didn't answer.
func listStock[R any](a *app, q *dto.StockQuery, columns []column[R], read func(*connection) (rows []R, hosts []dto.HostAnswer, cursor string, err error)) error {
	server, err := a.connect()
	if err != nil {
		return err
	}
	var all []R
	for {
		rows, hosts, cursor, err := read(server)
		if err != nil {
			return err
		}
		all = append(all, rows...)
		if q.Cursor = cursor; cursor != "" {
			continue
		}
		if err := show(a, all, columns); err != nil {
			return err
		}
		return a.reportHosts(hosts)
	}
}

func (a *app) imagesCommand() *cobra.Command {
	var dangling bool
	c := &cobra.Command{
		Use: "images", Short: "List the images of all hosts and the containers that use them",
		Example: lines("wharf images", "wharf images --unused --host web-1", `wharf images --dangling -o template='{{.Host}} {{.ID}} {{.Size}}'`),
		Args:    noArguments,
	}
	query := a.stockQuery(c)
	c.Flags().BoolVar(&dangling, "dangling", false, "only images without a name")
	c.RunE = func(c *cobra.Command, _ []string) error {
		q := dto.ImageQuery{StockQuery: query()}
		if dangling {
			q.Dangling = "true"
		}
		now := time.Now()
		return listStock(a, &q.StockQuery, []column[dto.Image]{
			{"HOST", func(r dto.Image) string { return r.Host }},
			{"IMAGE", func(r dto.Image) string { return strings.Join(r.Tags, ", ") }},
			{"IMAGE ID", func(r dto.Image) string { return shortID(strings.TrimPrefix(r.ID, "sha256:")) }},
			{"CREATED", func(r dto.Image) string { return ago(r.Created, now) }},
			{"SIZE", func(r dto.Image) string { return decimalSize(float64(r.Size)) }},
			{"USED BY", func(r dto.Image) string { return usedBy(r.UsedBy) }},
		}, func(server *connection) ([]dto.Image, []dto.HostAnswer, string, error) {
			page, err := server.ListImages(c.Context(), q)
			return page.Images, page.Hosts, page.Cursor, err
		})
	}
	c.AddCommand(a.removeCommand("image", "an image that no container uses, by name or id", func(ctx context.Context, s *connection, host, name string) error {
		return s.RemoveImage(ctx, host, name)
	}))
	return c
}

func (a *app) volumesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "volumes", Short: "List the volumes of all hosts and the containers that use them",
		Example: lines("wharf volumes", "wharf volumes --unused"), Args: noArguments,
	}
	query := a.stockQuery(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		q := query()
		return listStock(a, &q, []column[dto.Volume]{
			{"HOST", func(r dto.Volume) string { return r.Host }},
			{"VOLUME", func(r dto.Volume) string { return r.Name }},
			{"DRIVER", func(r dto.Volume) string { return r.Driver }},
			{"USED BY", func(r dto.Volume) string { return usedBy(r.UsedBy) }},
		}, func(server *connection) ([]dto.Volume, []dto.HostAnswer, string, error) {
			page, err := server.ListVolumes(c.Context(), q)
			return page.Volumes, page.Hosts, page.Cursor, err
		})
	}
	c.AddCommand(a.removeCommand("volume", "a volume that no container uses, with all its data", func(ctx context.Context, s *connection, host, name string) error {
		return s.RemoveVolume(ctx, host, name)
	}))
	return c
}

func (a *app) networksCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "networks", Short: "List the networks of all hosts and the containers that belong to them",
		Example: lines("wharf networks", "wharf networks --unused"), Args: noArguments,
	}
	query := a.stockQuery(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		q := query()
		return listStock(a, &q, []column[dto.Network]{
			{"HOST", func(r dto.Network) string { return r.Host }},
			{"NETWORK", func(r dto.Network) string { return r.Name }},
			{"NETWORK ID", func(r dto.Network) string { return shortID(r.ID) }},
			{"DRIVER", func(r dto.Network) string { return r.Driver }},
			{"SUBNETS", func(r dto.Network) string { return strings.Join(r.Subnets, ", ") }},
			{"USED BY", func(r dto.Network) string { return usedBy(r.UsedBy) }},
		}, func(server *connection) ([]dto.Network, []dto.HostAnswer, string, error) {
			page, err := server.ListNetworks(c.Context(), q)
			return page.Networks, page.Hosts, page.Cursor, err
		})
	}
	c.AddCommand(a.removeCommand("network", "a network that no container belongs to, by name or id", func(ctx context.Context, s *connection, host, name string) error {
		return s.RemoveNetwork(ctx, host, name)
	}))
	return c
}

// usedBy returns the names of the first few containers.
func usedBy(all []dto.UsedBy) string {
	const most = 3
	names := make([]string, 0, most)
	for _, u := range all[:min(len(all), most)] {
		names = append(names, u.Name)
	}
	s := strings.Join(names, ", ")
	if more := len(all) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// removeCommand returns a command that removes images, volumes or networks, each named HOST/NAME.
func (a *app) removeCommand(kind, what string, remove func(ctx context.Context, s *connection, host, name string) error) *cobra.Command {
	return &cobra.Command{
		Use: "rm HOST/" + strings.ToUpper(kind) + "...", Short: "Remove " + what,
		Example: lines("wharf " + kind + "s rm web-1/" + map[string]string{"image": "nginx:1.27", "volume": "data", "network": "back"}[kind]),
		Args:    arguments(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			failed := 0
			var last error
			for _, arg := range args {
				host, name, ok := strings.Cut(arg, "/")
				if !ok || name == "" {
					return usage(c, "%q: expected HOST/%s", arg, strings.ToUpper(kind))
				}
				if last = remove(c.Context(), server, host, name); last != nil {
					failed++
					a.warn("%s: %s", arg, explain(last))
					continue
				}
				if err := a.printLine(arg); err != nil {
					return err
				}
			}
			switch {
			case failed == 0:
				return nil
			case failed < len(args):
				return silently(exitPartly)
			}
			return silently(codeOf(last))
		},
	}
}
