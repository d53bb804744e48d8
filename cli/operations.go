package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) bulkCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "operations", Short: "List, start and cancel operations on many containers",
		Long:    "Lists your operations on many containers, the latest first; for admins, those of all users.",
		Example: lines("wharf operations", "wharf operations start restart --label app=web --parallel 2 --wait healthy", "wharf operations show ID", "wharf operations cancel ID"),
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			rows, q := []dto.BulkSummary{}, dto.PageQuery{}
			for more := true; more && len(rows) < limit; more = q.Cursor != "" {
				q.Limit = min(500, limit-len(rows))
				page, err := server.ListOperations(c.Context(), q)
				if err != nil {
					return err
				}
				rows, q.Cursor = append(rows, page.Operations...), page.Cursor
			}
			return show(a, rows, []column[dto.BulkSummary]{
				{"ID", func(r dto.BulkSummary) string { return r.ID }},
				{"TIME", func(r dto.BulkSummary) string { return r.At.Local().Format(time.DateTime) }},
				{"USER", func(r dto.BulkSummary) string { return r.User }},
				{"OPERATION", func(r dto.BulkSummary) string { return r.Operation }},
				{"STATE", func(r dto.BulkSummary) string { return r.State }},
				{"DONE", func(r dto.BulkSummary) string { return fmt.Sprintf("%d of %d", r.Succeeded+r.Failed, r.Targets) }},
				{"FAILED", func(r dto.BulkSummary) string { return number(r.Failed) }},
			})
		},
	}
	c.Flags().IntVarP(&limit, "limit", "n", 100, "at most this many `ROWS`")
	a.outputFlag(c, "table")
	c.AddCommand(a.showBulkCommand(), a.cancelBulkCommand(), a.startBulkCommand())
	return c
}

func (a *app) showBulkCommand() *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use: "show ID", Short: "Show an operation and its containers",
		Example: lines("wharf operations show 0198f2c4-5e21-7d1c-9a43-2f6f0b7f3c11", "wharf operations show -f 0198f2c4-5e21-7d1c-9a43-2f6f0b7f3c11"),
		Args:    arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			if follow {
				return a.followBulk(c, server, args[0])
			}
			op, err := server.GetOperation(c.Context(), args[0])
			if err != nil {
				return err
			}
			return a.showTargets(op.Targets)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "wait for the end of the operation")
	a.outputFlag(c, "table")
	return c
}

func (a *app) cancelBulkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cancel ID", Short: "Cancel an operation; containers that it has begun are finished",
		Example: lines("wharf operations cancel 0198f2c4-5e21-7d1c-9a43-2f6f0b7f3c11"), Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			op, err := server.CancelOperation(c.Context(), args[0])
			if err != nil {
				return err
			}
			return a.say("%s: %s", op.ID, op.State)
		},
	}
}

func (a *app) startBulkCommand() *cobra.Command {
	in := dto.BulkOperation{}
	var wait time.Duration
	var stopAfter, timeout int
	var detach bool
	c := &cobra.Command{
		Use: "start OPERATION", Short: "Start an operation on many containers: start, stop, restart, pause, unpause, kill or remove",
		Long: "Starts an operation on the containers that the flags select. It handles a few containers at a time, in the order of their\n" +
			"dependencies, and stops at the first failure. The server continues the operation if this command is interrupted.",
		Example: lines("wharf operations start restart --label app=web --parallel 2 --per-host 1 --wait healthy",
			"wharf operations start stop --project shop --dry-run"),
		Args: arguments(1, 1), ValidArgs: []string{"start", "stop", "restart", "pause", "unpause", "kill", "remove"},
		RunE: func(c *cobra.Command, args []string) error {
			in.Operation = args[0]
			if c.Flags().Changed("stop-after") {
				in.StopAfterFailures = &stopAfter
			}
			if c.Flags().Changed("timeout") {
				in.Timeout = &timeout
			}
			if wait != 0 {
				in.Limit = wait.String()
			}
			return a.startBulk(c, in, detach)
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&in.Select.Name, "name", nil, "only with this `PART` of the name; may be repeated, any may match")
	flags.StringArrayVar(&in.Select.Image, "image", nil, "only with this `PART` of the image's name; may be repeated, any may match")
	flags.StringArrayVar(&in.Select.Project, "project", nil, "only of this Compose `PROJECT`; may be repeated, any may match")
	flags.StringArrayVar(&in.Select.State, "state", nil, "only in this `STATE`; may be repeated, any may match")
	flags.IntVar(&in.Parallel, "parallel", 1, "`N` containers at a time")
	flags.IntVar(&in.PerHost, "per-host", 0, "`N` containers of one host at a time (default: as many as --parallel)")
	flags.StringVar(&in.Wait, "wait", "", "wait until each container is in this `STATE`: running, healthy or exited")
	flags.DurationVar(&wait, "wait-limit", 0, "the maximum time to wait for a container, up to 5m (default 30s)")
	flags.IntVar(&stopAfter, "stop-after", 1, "stop after `N` failures; 0 never stops")
	flags.IntVarP(&timeout, "timeout", "t", 0, "stop, restart: kill a container after this many `SECONDS`")
	flags.StringVarP(&in.Signal, "signal", "s", "", "stop, restart, kill: use this `SIGNAL`")
	flags.BoolVar(&in.Force, "force", false, "remove: also remove running containers")
	flags.BoolVar(&in.Volumes, "volumes", false, "remove: also remove anonymous volumes")
	flags.BoolVar(&in.DryRun, "dry-run", false, "only show which containers would be changed")
	flags.BoolVarP(&detach, "detach", "d", false, "print the operation's id and don't wait for its end")
	a.hostFlag(c, &in.Select.Host)
	a.labelFlag(c, &in.Select.Label)
	a.outputFlag(c, "table")
	a.complete(c, "wait", fixed("running", "healthy", "exited"))
	return c
}

// startBulk starts an operation and prints its progress, or with detach its id. A dry run prints the containers it would act on.
func (a *app) startBulk(c *cobra.Command, in dto.BulkOperation, detach bool) error {
	server, err := a.connect()
	if err != nil {
		return err
	}
	op, err := server.StartOperation(c.Context(), in)
	switch {
	case err != nil:
		return err
	case in.DryRun:
		return a.showTargets(op.Targets)
	case detach:
		return a.say("%s", op.ID)
	}
	return a.followBulk(c, server, op.ID)
}

// followBulk prints each container when it is done. Errors: exitPartly if some failed, exitFailed if all did.
func (a *app) followBulk(c *cobra.Command, server *connection, id string) error {
	for frame, err := range server.StreamGetOperation(c.Context(), id) {
		if err != nil {
			return err
		}
		if t, ok := frame.Data.(dto.BulkTarget); ok && a.output == "table" {
			if err := a.say("%s/%s: %s %s", t.Host, t.Name, t.State, t.Detail); err != nil {
				return err
			}
		}
		if frame.Event == "end" {
			break
		}
	}
	op, err := server.GetOperation(c.Context(), id)
	if err != nil {
		return err
	}
	if a.output != "table" {
		if err := a.showTargets(op.Targets); err != nil {
			return err
		}
	}
	done := 0
	for _, t := range op.Targets {
		if t.State == "ok" {
			done++
		}
	}
	switch {
	case done == len(op.Targets):
		return nil
	case done > 0:
		return silently(exitPartly)
	}
	return silently(exitFailed)
}

func (a *app) showTargets(targets []dto.BulkTarget) error {
	return show(a, targets, []column[dto.BulkTarget]{
		{"HOST", func(t dto.BulkTarget) string { return t.Host }},
		{"CONTAINER", func(t dto.BulkTarget) string { return t.Name }},
		{"CONTAINER ID", func(t dto.BulkTarget) string { return shortID(t.ID) }},
		{"STATE", func(t dto.BulkTarget) string { return t.State }},
		{"AFTER", func(t dto.BulkTarget) string { return t.After }},
		{"DETAIL", func(t dto.BulkTarget) string { return t.Detail }},
	})
}
