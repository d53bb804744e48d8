package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wharf/api/dto"
	"wharf/client"
)

func (a *app) loginCommand() *cobra.Command {
	var username, name string
	var fromStdin bool
	c := &cobra.Command{
		Use: "login URL", Short: "Log in to a server and save it as a context",
		Long: "Asks for the password once, creates an API key with all your rights on the server, and stores the key in a file in your\n" +
			"config directory that only you can read. `wharf logout` deletes the key from the server and from the file.",
		Example: lines("wharf login https://wharf.example.com --username gildong",
			"pass show wharf | wharf login localhost:9083 --username gildong --password-stdin"),
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			address, err := serverURL(args[0])
			if err != nil {
				return usage(c, "%s", err)
			}
			if name == "" {
				u, _ := url.Parse(address)
				name = u.Host
			}
			credentials, err := a.credentials(c, username, fromStdin)
			if err != nil {
				return err
			}
			return a.login(c.Context(), address, name, credentials)
		},
	}
	c.Flags().StringVarP(&username, "username", "u", "", "log in as this `USER` (default: ask)")
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	c.Flags().StringVar(&name, "name", "", "the context's `NAME` (default: the server's host and port)")
	return c
}

// serverURL adds a scheme to a server's address: http if the server is this machine, otherwise https.
func serverURL(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
		if u, err := url.Parse(address); err == nil && !loopback(u) {
			address = "https" + strings.TrimPrefix(address, "http")
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%q: expected an address such as https://wharf.example.com", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("expected an address without a user, query or fragment")
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// credentials asks for missing credentials, if there is a terminal.
func (a *app) credentials(c *cobra.Command, username string, fromStdin bool) (dto.Credentials, error) {
	in := bufio.NewReader(a.in)
	line := func() (string, error) {
		s, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(s, "\r\n"), nil
	}
	var err error
	if username == "" {
		if fromStdin || !isTerminal(a.in) {
			return dto.Credentials{}, usage(c, "--username is needed where there is no terminal to ask at")
		}
		fmt.Fprint(a.errs, "Username: ")
		if username, err = line(); err != nil {
			return dto.Credentials{}, err
		}
	}
	if fromStdin {
		password, err := line()
		return dto.Credentials{Username: username, Password: dto.Password(password)}, err
	}
	password, err := a.askPassword(c, "Password: ")
	return dto.Credentials{Username: username, Password: password}, err
}

// askPassword reads a password from the terminal without showing it.
func (a *app) askPassword(c *cobra.Command, prompt string) (dto.Password, error) {
	if !isTerminal(a.in) {
		return "", usage(c, "no terminal to ask for the password at: use --password-stdin")
	}
	fmt.Fprint(a.errs, prompt)
	password, err := term.ReadPassword(int(a.in.(*os.File).Fd()))
	fmt.Fprintln(a.errs)
	return dto.Password(password), err
}

// login creates a key in a session that it ends afterwards, and saves the key as a context. It deletes the previous key of a
// context with that name.
func (a *app) login(ctx context.Context, address, name string, credentials dto.Credentials) error {
	if u, _ := url.Parse(address); u.Scheme == "http" && !loopback(u) {
		a.warn("%s isn't encrypted: everybody on the way can read your password and key", address)
	}
	all, err := loadContexts()
	if err != nil {
		return err
	}
	c := client.New(address, client.Options{})
	if err := c.SignIn(ctx, credentials.Username, string(credentials.Password)); err != nil {
		return explainLogin(err)
	}
	defer c.SignOut(context.WithoutCancel(ctx)) //nolint:errcheck // otherwise the session expires
	me, err := c.WhoAmI(ctx)
	if err != nil {
		return err
	}
	machine, _ := os.Hostname()
	key, err := c.AddKey(ctx, dto.NewAPIKey{Name: strings.TrimSpace("wharf login " + machine), Role: highest(me), Exec: true})
	if err != nil {
		return err
	}
	before, again := all.Contexts[name]
	all.Contexts[name] = place{URL: address, Username: me.Username, KeyID: key.ID, Key: key.Key}
	all.Current = name
	if err := all.save(); err != nil {
		return errors.Join(err, c.DeleteKey(ctx, key.ID))
	}
	if again && before.URL == address {
		_ = deleteKey(ctx, before) // it may be deleted already
	}
	return a.say("logged in to %s as %s (%s); the context %q is the current one", address, me.Username, me.Role, name)
}

// explainLogin describes why a login failed.
func explainLogin(err error) error {
	if codeOf(err) == exitLogin {
		return exit(exitLogin, "wrong username or password")
	}
	return err
}

// highest returns the highest of a caller's roles. A key with it and with exec may do all that the caller may.
func highest(me dto.Me) dto.Role {
	best := slices.Index(dto.Roles, me.Role)
	for _, g := range me.Grants {
		best = max(best, slices.Index(dto.Roles, g.Role))
	}
	return dto.Roles[max(best, 0)]
}

// deleteKey deletes a context's key on its server.
func deleteKey(ctx context.Context, p place) error {
	return client.New(p.URL, client.Options{Token: p.Key}).DeleteKey(ctx, p.KeyID)
}

func (a *app) logoutCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "logout [CONTEXT]", Short: "Delete a context and its key",
		Example: lines("wharf logout", "wharf logout wharf.example.com"),
		Args:    arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			all, err := loadContexts()
			if err != nil {
				return err
			}
			name := all.Current
			if a.context != "" {
				name = a.context
			}
			if len(args) == 1 {
				name = args[0]
			}
			p, ok := all.Contexts[name]
			if !ok {
				return exit(exitNotFound, "no context %q: wharf context lists them", name)
			}
			delete(all.Contexts, name)
			if all.Current == name {
				all.Current = ""
			}
			if err := all.save(); err != nil {
				return err
			}
			if err := deleteKey(c.Context(), p); err != nil && codeOf(err) != exitLogin {
				a.warn("the key %s is still good on %s (%s): delete it there", p.KeyID, p.URL, explain(err))
			}
			return a.say("logged out of %s", p.URL)
		},
	}
	c.ValidArgsFunction = first(a.contextNames)
	return c
}
