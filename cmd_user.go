package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"wharf/service"
	"wharf/util/config"
	"wharf/util/text"
)

// userCommand manages users directly in the database. It asks for no login: a caller that can read the settings is trusted.
func userCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("user wants one of add, passwd, list: %w", errUsage)
	}
	store, err := openCommand(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if cfg.DBMigrate {
		if err := store.Migrate(ctx); err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
	}
	users := service.NewUsers(store, service.UsersOptions{
		PasswordMin: cfg.PasswordMin, PasswordStrict: cfg.PasswordPolicy == "strict",
	})
	switch args[0] {
	case "add":
		return addUser(ctx, users, args[1:], out)
	case "passwd":
		return changePassword(ctx, users, args[1:], out)
	case "list":
		return listUsers(ctx, users, out)
	default:
		return fmt.Errorf("user: unknown %q: %w", args[0], errUsage)
	}
}

func addUser(ctx context.Context, users *service.Users, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("user add", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	role := flags.String("role", string(service.RoleViewer), "")
	fullName := flags.String("full-name", "", "")
	email := flags.String("email", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return fmt.Errorf("user add wants [-role R] [-full-name N] [-email E] NAME: %w", errUsage)
	}
	in := service.NewUser{Username: flags.Arg(0), FullName: *fullName, Email: *email, Role: service.Role(*role)}
	if in.FullName == "" {
		in.FullName = in.Username
	}
	if in.Email == "" {
		in.Email = in.Username + "@localhost"
	}
	var err error
	if in.Password, err = readPassword(); err != nil {
		return err
	}
	u, err := users.AddFromCLI(ctx, in)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "created %s %s\n", u.Role, text.Terminal(u.Username))
	return err
}

func changePassword(ctx context.Context, users *service.Users, args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("user passwd wants one NAME: %w", errUsage)
	}
	password, err := readPassword()
	if err != nil {
		return err
	}
	if err := users.SetPassword(ctx, args[0], password); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "changed the password of %s and ended its sessions\n", args[0])
	return err
}

func listUsers(ctx context.Context, users *service.Users, out io.Writer) error {
	all, err := users.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USERNAME\tROLE\tDISABLED\tFULL NAME\tEMAIL\tCREATED")
	for _, u := range all {
		fmt.Fprintf(table, "%s\t%s\t%t\t%s\t%s\t%s\n",
			text.Terminal(u.Username), u.Role, u.Disabled, text.Terminal(u.FullName), text.Terminal(u.Email), u.CreatedAt.Format("2006-01-02 15:04:05"))
	}
	return table.Flush()
}

// readPassword asks for a password twice at a terminal, or reads one line of standard input.
func readPassword() (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := prompt(fd, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := prompt(fd, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

func prompt(fd int, text string) (string, error) {
	fmt.Fprint(os.Stderr, text)
	password, err := term.ReadPassword(fd)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(password), nil
}
