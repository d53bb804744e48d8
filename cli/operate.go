package cli

import (
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wharf/api/dto"
	"wharf/client"
)

// atOnce is the maximum number of operations that a command runs in parallel.
const atOnce = 8

// operation describes a command that changes containers.
type operation struct {
	name, short, done string
	from              []string // completion offers only containers in these states
	flags             func(f *pflag.FlagSet, o *operationOptions)
	unwaited          bool // there is nothing to wait for afterwards, so --wait isn't offered
	call              func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error)
}

// operationOptions are the flags of such commands.
type operationOptions struct {
	signal  string
	timeout int  // seconds
	timed   bool // timeout was given: otherwise the container's own applies
	image   string
	pull    bool
	wait    dto.WaitQuery
	remove  dto.RemoveQuery
	limits  limitOptions
	given   dto.Limits
}

var operations = []operation{
	{
		name: "start", short: "Start containers", done: "started", from: []string{"exited", "created", "dead"},
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.StartContainer(ctx, t.host, t.id, o.wait)
		},
	},
	{
		name: "stop", short: "Stop containers", done: "stopped", from: []string{"running", "paused", "restarting"}, flags: stopFlags,
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.StopContainer(ctx, t.host, t.id, o.stop())
		},
	},
	{
		name: "restart", short: "Restart containers", done: "restarted", flags: stopFlags,
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.RestartContainer(ctx, t.host, t.id, o.stop())
		},
	},
	{
		name: "pause", short: "Pause containers", done: "paused", from: []string{"running"},
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.PauseContainer(ctx, t.host, t.id, o.wait)
		},
	},
	{
		name: "unpause", short: "Unpause containers", done: "unpaused", from: []string{"paused"},
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.UnpauseContainer(ctx, t.host, t.id, o.wait)
		},
	},
	{
		name: "kill", short: "Send a signal to containers, KILL by default", done: "signalled", from: []string{"running", "paused"},
		flags: func(f *pflag.FlagSet, o *operationOptions) {
			f.StringVarP(&o.signal, "signal", "s", "", "the `SIGNAL`, for example TERM, SIGHUP or 9 (default KILL)")
		},
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.KillContainer(ctx, t.host, t.id, dto.KillQuery{Signal: o.signal, WaitQuery: o.wait})
		},
	},
	{
		name: "rm", short: "Remove containers", done: "removed", unwaited: true, from: []string{"exited", "created", "dead"},
		flags: func(f *pflag.FlagSet, o *operationOptions) {
			f.BoolVarP(&o.remove.Force, "force", "f", false, "also remove running containers, which are killed first")
			f.BoolVarP(&o.remove.Volumes, "volumes", "v", false, "also remove their anonymous volumes")
		},
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.RemoveContainer(ctx, t.host, t.id, o.remove)
		},
	},
	{
		name: "update", short: "Change the limits and the restart policy of containers", done: "updated", flags: limitFlags, unwaited: true,
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.UpdateContainer(ctx, t.host, t.id, o.given)
		},
	},
	{
		name: "recreate", short: "Replace containers with new ones from the same image name or another, keeping their settings", done: "recreated",
		flags: recreateFlags,
		call: func(ctx context.Context, s *connection, t target, o *operationOptions) (dto.OperationResult, error) {
			return s.RecreateContainer(ctx, t.host, t.id, o.recreate())
		},
	},
}

func recreateFlags(f *pflag.FlagSet, o *operationOptions) {
	f.StringVar(&o.image, "image", "", "use this `IMAGE` instead of the container's own; requires the right to run commands in the container")
	f.BoolVar(&o.pull, "pull", false, "pull the image from its registry first")
}

func (o *operationOptions) recreate() dto.Recreate {
	in := dto.Recreate{Image: o.image, Pull: o.pull, Wait: o.wait.Wait}
	if o.wait.Limit != 0 {
		in.Limit = o.wait.Limit.String()
	}
	return in
}

func stopFlags(f *pflag.FlagSet, o *operationOptions) {
	f.StringVarP(&o.signal, "signal", "s", "", "use this `SIGNAL` instead of the container's own stop signal, for example TERM, SIGHUP or 9")
	f.IntVarP(&o.timeout, "timeout", "t", 0, "kill the container after this many `SECONDS`; -1 never does (default: the container's own)")
}

func (o *operationOptions) stop() dto.StopQuery {
	q := dto.StopQuery{Signal: o.signal, WaitQuery: o.wait}
	if o.timed {
		q.Timeout = &o.timeout
	}
	return q
}

func (a *app) operationCommands() []*cobra.Command {
	commands := make([]*cobra.Command, 0, len(operations)+1)
	for _, op := range operations {
		commands = append(commands, a.operationCommand(op))
	}
	return append(commands, a.renameCommand())
}

func (a *app) operationCommand(op operation) *cobra.Command {
	var hosts, labels []string
	o := &operationOptions{}
	c := &cobra.Command{
		Use: op.name + " CONTAINER... | --label LABEL", Short: op.short,
		Long: op.short + ". " + referenceHelp + "\nPrints each container that is " + op.done + "; one that needs no change is not an error.",
		Example: lines("wharf "+op.name+" shop", "wharf "+op.name+" web-1/shop web-2/shop",
			"wharf "+op.name+" --label com.docker.compose.project=shop --host web-1"),
		Args: arguments(0, -1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			chosen, err := server.choose(c.Context(), c, args, hosts, labels)
			if err != nil {
				return err
			}
			o.timed = c.Flags().Changed("timeout")
			if o.given, err = o.limits.given(c); err != nil {
				return err
			}
			return a.operate(c.Context(), server, op, chosen, o)
		},
	}
	flags := c.Flags()
	if !op.unwaited {
		flags.StringVar(&o.wait.Wait, "wait", "", "afterwards, wait for this `STATE`: running, healthy or exited")
		flags.DurationVar(&o.wait.Limit, "wait-limit", 0, "the maximum time to wait, up to 5m (default 30s)")
		a.complete(c, "wait", fixed("running", "healthy", "exited"))
	}
	if op.flags != nil {
		op.flags(flags, o)
	}
	a.hostFlag(c, &hosts)
	a.labelFlag(c, &labels)
	a.outputFlag(c, "table")
	c.ValidArgsFunction = a.containerNames(op.from...)
	return c
}

func (a *app) renameCommand() *cobra.Command {
	var hosts []string
	c := &cobra.Command{
		Use: "rename CONTAINER NAME", Short: "Rename a container", Long: "Renames a container. " + referenceHelp,
		Example: lines("wharf rename shop shop-old", "wharf rename web-1/shop shop-old"),
		Args:    arguments(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			t, err := server.findOne(c.Context(), args[0], hosts)
			if err != nil {
				return err
			}
			_, err = server.RenameContainer(client.WithHeader(c.Context(), "Idempotency-Key", rand.Text()), t.host, t.id, dto.Rename{Name: args[1]})
			return err
		},
	}
	a.hostFlag(c, &hosts)
	containers := a.containerNames()
	c.ValidArgsFunction = func(c *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return containers(c, args, part)
	}
	return c
}
