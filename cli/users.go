package cli

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) usersCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "users", Short: "List users",
		Long:    "Lists the users of a server. Requires the role admin. `wharf user` is a different command: it changes this machine's database.",
		Example: lines("wharf users", "wharf users -o json"),
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			rows, q := []dto.User{}, dto.PageQuery{Limit: 500}
			for more := true; more; more = q.Cursor != "" {
				page, err := server.ListUsers(c.Context(), q)
				if err != nil {
					return err
				}
				rows, q.Cursor = append(rows, page.Users...), page.Cursor
			}
			return a.showUsers(rows)
		},
	}
	a.outputFlag(c, "table")
	c.AddCommand(a.addUserCommand(), a.setUserCommand(), a.removeUserCommand())
	return c
}

func (a *app) showUsers(rows []dto.User) error {
	return show(a, rows, []column[dto.User]{
		{"USERNAME", func(u dto.User) string { return u.Username }},
		{"ROLE", func(u dto.User) string { return string(u.Role) }},
		{"DISABLED", func(u dto.User) string { return yes(u.Disabled) }},
		{"FULL NAME", func(u dto.User) string { return u.FullName }},
		{"EMAIL", func(u dto.User) string { return u.Email }},
		{"CREATED", func(u dto.User) string { return u.CreatedAt.Local().Format(time.DateTime) }},
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func (a *app) addUserCommand() *cobra.Command {
	var in dto.NewUser
	var role string
	var fromStdin bool
	c := &cobra.Command{
		Use: "add NAME", Short: "Create a user",
		Example: lines("wharf users add hong --role operator", "pass show hong | wharf users add hong --password-stdin"),
		Args:    arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			in.Username, in.Role = args[0], dto.Role(role)
			if in.FullName == "" {
				in.FullName = in.Username
			}
			if in.Email == "" {
				in.Email = in.Username + "@localhost"
			}
			if in.Password, err = a.newPassword(c, fromStdin); err != nil {
				return err
			}
			u, err := server.AddUser(c.Context(), in)
			if err != nil {
				return err
			}
			return a.say("created %s %s", u.Role, u.Username)
		},
	}
	flags := c.Flags()
	flags.StringVar(&role, "role", "viewer", "the user's `ROLE`: none, viewer, operator or admin")
	flags.StringVar(&in.FullName, "full-name", "", "the user's full `NAME` (default: the username)")
	flags.StringVar(&in.Email, "email", "", "the user's email `ADDRESS` (default: NAME@localhost)")
	flags.BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	a.complete(c, "role", fixed("none", "viewer", "operator", "admin"))
	return c
}

// newPassword asks for a password twice, or reads it from standard input.
func (a *app) newPassword(c *cobra.Command, fromStdin bool) (dto.Password, error) {
	if fromStdin {
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return dto.Password(strings.TrimRight(line, "\r\n")), nil
	}
	first, err := a.askPassword(c, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := a.askPassword(c, "Once more: ")
	if err == nil && first != second {
		err = exit(exitFailed, "the two passwords differ")
	}
	return first, err
}

func (a *app) setUserCommand() *cobra.Command {
	var role, fullName, email string
	var disable, enable bool
	c := &cobra.Command{
		Use: "set NAME", Short: "Change a user's role, full name or email address, or disable the account",
		Example: lines("wharf users set hong --role viewer", "wharf users set hong --disable"),
		Args:    arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			in := dto.UserChange{}
			changed := c.Flags().Changed
			if changed("role") {
				r := dto.Role(role)
				in.Role = &r
			}
			if changed("full-name") {
				in.FullName = &fullName
			}
			if changed("email") {
				in.Email = &email
			}
			if disable || enable {
				in.Disabled = &disable
			}
			if in == (dto.UserChange{}) {
				return usage(c, "nothing to change")
			}
			server, err := a.connect()
			if err != nil {
				return err
			}
			u, err := server.UpdateUser(c.Context(), args[0], in)
			if err != nil {
				return err
			}
			return a.showUsers([]dto.User{u})
		},
	}
	flags := c.Flags()
	flags.StringVar(&role, "role", "", "the user's `ROLE`: none, viewer, operator or admin")
	flags.StringVar(&fullName, "full-name", "", "the user's full `NAME`")
	flags.StringVar(&email, "email", "", "the user's email `ADDRESS`")
	flags.BoolVar(&disable, "disable", false, "forbid the user to log in")
	flags.BoolVar(&enable, "enable", false, "allow the user to log in again")
	c.MarkFlagsMutuallyExclusive("disable", "enable")
	a.complete(c, "role", fixed("none", "viewer", "operator", "admin"))
	return c
}

func (a *app) removeUserCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rm NAME", Short: "Delete a user, with the user's sessions, keys and streams",
		Example: lines("wharf users rm hong"),
		Args:    arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			return server.DeleteUser(c.Context(), args[0])
		},
	}
}
