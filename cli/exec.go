package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wharf/api/dto"
	"wharf/client"
)

func (a *app) execCommand() *cobra.Command {
	var in dto.ExecRequest
	var hosts []string
	var interactive bool
	c := &cobra.Command{
		Use: "exec [flags] CONTAINER COMMAND [ARGUMENT...]", Short: "Run a command in a container", DisableFlagsInUseLine: true,
		Long: "Runs a command in a running container, and returns the command's exit code. " + referenceHelp + "\n" +
			"Requires the role admin, or a grant with exec.",
		Example: lines("wharf exec -it shop sh", "wharf exec web-1/shop ls -l /srv", "wharf exec -i shop psql <dump.sql"),
		Args:    arguments(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if in.TTY && interactive && !isTerminal(a.in) {
				return usage(c, "-t: standard input is no terminal: leave -t out")
			}
			in.Cmd = args[1:]
			code, err := a.exec(c.Context(), args[0], hosts, in, interactive)
			if c.Context().Err() != nil {
				return exit(exitInterrupted, "interrupted: the command may go on in the container, until it looks at its input")
			}
			if err != nil {
				return &exitError{code: exitExec, err: err}
			}
			return silently(code)
		},
	}
	flags := c.Flags()
	flags.SetInterspersed(false) // flags after the container belong to the command
	flags.BoolVarP(&interactive, "interactive", "i", false, "pass standard input to the command")
	flags.BoolVarP(&in.TTY, "tty", "t", false, "give the command a terminal")
	flags.StringVarP(&in.User, "user", "u", "", "run as this `USER`, a name or number; a group may follow after a colon")
	flags.StringVarP(&in.Workdir, "workdir", "w", "", "run in this `DIRECTORY`")
	flags.StringArrayVarP(&in.Env, "env", "e", nil, "set an environment variable, `NAME=VALUE`; may be repeated")
	a.hostFlag(c, &hosts)
	containers := a.containerNames("running")
	c.ValidArgsFunction = func(c *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return containers(c, args, part)
	}
	return c
}

// exec runs a command in a container and returns its exit code.
func (a *app) exec(ctx context.Context, ref string, hosts []string, in dto.ExecRequest, interactive bool) (int, error) {
	server, err := a.connect()
	if err != nil {
		return 0, err
	}
	t, err := server.findOne(ctx, ref, hosts)
	if err != nil {
		return 0, err
	}
	ticket, err := server.ExecInContainer(ctx, t.host, t.id, dto.ExecQuery{}, in)
	if err != nil {
		return 0, err
	}
	terminal, err := server.OpenTerminal(ctx, ticket.URL)
	if err != nil {
		return 0, err
	}
	if in.TTY {
		restore, err := a.takeTerminal(ctx, terminal, interactive)
		if err != nil {
			return 0, errors.Join(err, terminal.Close())
		}
		defer restore()
	}
	switch {
	case interactive:
		go func() { // runs until the process ends: a read of standard input can't be interrupted
			if _, err := io.Copy(terminal, a.in); err == nil {
				_ = terminal.CloseInput()
			}
		}()
	case !in.TTY:
		_ = terminal.CloseInput() // if the terminal has ended already, Run reports it
	}
	return terminal.Run(a.out, a.errs)
}

// takeTerminal keeps the remote terminal's size equal to that of the user's, and puts the user's into raw mode if interactive.
// restore undoes both.
func (a *app) takeTerminal(ctx context.Context, remote *client.Terminal, interactive bool) (restore func(), err error) {
	resize := func() {}
	if f, ok := a.out.(*os.File); ok {
		resize = func() {
			if columns, rows, err := term.GetSize(int(f.Fd())); err == nil {
				_ = remote.Resize(columns, rows)
			}
		}
	}
	resize()
	stop := onResize(ctx, resize)
	f, ok := a.in.(*os.File)
	if !interactive || !ok {
		return stop, nil
	}
	state, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		stop()
		return nil, err
	}
	return func() {
		stop()
		_ = term.Restore(int(f.Fd()), state)
	}, nil
}
