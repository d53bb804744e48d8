package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) pullCommand() *cobra.Command {
	var in dto.PullRequest
	var detach bool
	c := &cobra.Command{
		Use: "pull IMAGE --host HOST...", Short: "Pull an image on one or more hosts",
		Long: "Pulls an image on one or more hosts, and shows each host's result. Credentials of registries are in the server's\n" +
			"REGISTRY_CONFIG. If this command is interrupted after all hosts have begun, the server continues the pull.",
		Example: lines("wharf pull nginx:1.27 --host web-1 --host web-2", "wharf pull registry.example.org/team/app:2 --host web-1 --platform linux/arm64"),
		Args:    arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(in.Hosts) == 0 {
				return usage(c, "say on which hosts: --host HOST")
			}
			server, err := a.connect()
			if err != nil {
				return err
			}
			in.Image = args[0]
			p, err := server.StartPull(c.Context(), in)
			if err != nil {
				return err
			}
			if !detach {
				for frame, err := range server.StreamGetPull(c.Context(), p.ID) {
					if err != nil {
						return err
					}
					if frame.Event == "end" {
						break
					}
				}
				if p, err = server.GetPull(c.Context(), p.ID); err != nil {
					return err
				}
			}
			return a.showPull(p)
		},
	}
	c.Flags().StringVar(&in.Platform, "platform", "", "pull for this `PLATFORM`, such as linux/arm64, instead of each engine's own")
	c.Flags().BoolVarP(&detach, "detach", "d", false, "don't wait for its end")
	c.Flags().StringArrayVar(&in.Hosts, "host", nil, "pull on this `HOST`; may be repeated")
	a.complete(c, "host", a.hostNames)
	a.outputFlag(c, "table")
	return c
}

// showPull prints the result of a pull. Errors: exitPartly if some hosts failed, exitFailed if all did.
func (a *app) showPull(p dto.Pull) error {
	err := show(a, p.Hosts, []column[dto.HostPull]{
		{"HOST", func(h dto.HostPull) string { return h.Host }},
		{"STATE", func(h dto.HostPull) string {
			if h.State == "succeeded" && !h.Changed {
				return "up to date"
			}
			return h.State
		}},
		{"DIGEST", func(h dto.HostPull) string { return h.Digest }},
		{"DETAIL", func(h dto.HostPull) string { return h.Detail }},
	})
	failed := 0
	for _, h := range p.Hosts {
		if h.State == "failed" || h.State == "cancelled" {
			failed++
		}
	}
	switch {
	case err != nil || failed == 0:
		return err
	case failed < len(p.Hosts):
		return silently(exitPartly)
	}
	return silently(exitFailed)
}

func (a *app) pruneCommand() *cobra.Command {
	in := dto.PruneRequest{}
	var yes bool
	kinds := []string{"containers", "images", "volumes", "networks"}
	c := &cobra.Command{
		Use: "prune WHAT...", Short: "Show unused containers, images, volumes and networks, or remove them",
		Long: "Shows stopped containers, and the images, volumes and networks that no container uses: only images without a name and anonymous\n" +
			"volumes, unless --all is given. With --yes it removes what it has found, except what has come into use meanwhile.",
		Example: lines("wharf prune images", "wharf prune containers images networks --host web-1 --yes", "wharf prune images volumes --all"),
		Args:    arguments(1, len(kinds)), ValidArgs: kinds,
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			in.What = args
			result, err := server.Prune(c.Context(), in)
			if err == nil && yes && len(result.Items) > 0 {
				no := false
				in.DryRun, in.Only = &no, onlyThese(result.Items)
				result, err = server.Prune(c.Context(), in)
			}
			if err != nil {
				return err
			}
			if err := a.showPruned(result, yes); err != nil {
				return err
			}
			return a.reportHosts(result.Hosts)
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "remove them")
	c.Flags().BoolVarP(&in.All, "all", "a", false, "also images that have a name and volumes that aren't anonymous")
	a.hostFlag(c, &in.Hosts)
	a.outputFlag(c, "table")
	return c
}

// onlyThese selects items for a prune, by the first digits of their ids where that is enough.
func onlyThese(items []dto.PruneItem) []dto.PruneOnly {
	var only []dto.PruneOnly
	at := map[[2]string]int{}
	for _, item := range items {
		key := [2]string{item.Host, item.What}
		i, ok := at[key]
		if !ok {
			i = len(only)
			at[key] = i
			only = append(only, dto.PruneOnly{Host: item.Host, What: item.What})
		}
		id := item.ID
		if item.What != "volumes" {
			id = digitsOf(id)
		}
		only[i].IDs = append(only[i].IDs, id)
	}
	return only
}

func (a *app) showPruned(p dto.Pruned, yes bool) error {
	err := show(a, p.Items, []column[dto.PruneItem]{
		{"HOST", func(i dto.PruneItem) string { return i.Host }},
		{"WHAT", func(i dto.PruneItem) string { return i.What }},
		{"ID", func(i dto.PruneItem) string {
			if i.What == "volumes" {
				return ""
			}
			return digitsOf(i.ID)
		}},
		{"NAME", func(i dto.PruneItem) string { return i.Name }},
		{"SIZE", func(i dto.PruneItem) string { return decimalSize(float64(i.Bytes)) }},
		{"STATE", func(i dto.PruneItem) string { return i.State }},
		{"DETAIL", func(i dto.PruneItem) string { return i.Detail }},
	})
	if err != nil || a.output != "table" {
		return err
	}
	if yes {
		return a.say("Freed at least %s.", decimalSize(float64(p.Freed)))
	}
	return a.say("%s would go and free at least %s: --yes removes them.", count(len(p.Items), "thing"), decimalSize(float64(p.Freed)))
}

// digitsOf returns the first digits of an id, enough to identify it.
func digitsOf(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(len(id), 16)]
}
