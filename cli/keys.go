package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
	"wharf/client"
)

// keysOptions are the credentials for commands about keys, which need a login: an API key can't create or list keys.
type keysOptions struct {
	username  string
	fromStdin bool
}

func (a *app) keysCommand() *cobra.Command {
	o := &keysOptions{}
	c := &cobra.Command{
		Use: "keys", Short: "List your API keys",
		Long:    "Lists your API keys. These commands ask for your password, because an API key can't list or create keys.",
		Example: lines("wharf keys", "pass show wharf | wharf keys --password-stdin -o json"),
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.inSession(c, o, func(ctx context.Context, s *client.Client) error {
				rows, q := []dto.APIKey{}, dto.PageQuery{Limit: 500}
				for more := true; more; more = q.Cursor != "" {
					page, err := s.ListKeys(ctx, q)
					if err != nil {
						return err
					}
					rows, q.Cursor = append(rows, page.Keys...), page.Cursor
				}
				return a.showKeys(rows)
			})
		},
	}
	c.PersistentFlags().StringVarP(&o.username, "username", "u", "", "log in as this `USER` (default: the context's)")
	c.PersistentFlags().BoolVar(&o.fromStdin, "password-stdin", false, "read the password from standard input")
	a.outputFlag(c, "table")
	c.AddCommand(a.addKeyCommand(o), a.removeKeyCommand(o))
	return c
}

// inSession runs f in a new session, and ends the session afterwards.
func (a *app) inSession(c *cobra.Command, o *keysOptions, f func(context.Context, *client.Client) error) error {
	server, err := a.connect()
	if err != nil {
		return err
	}
	username := o.username
	if p, err := a.place(); username == "" && err == nil && p.URL == server.url {
		username = p.Username
	}
	credentials, err := a.credentials(c, username, o.fromStdin)
	if err != nil {
		return err
	}
	s := client.New(server.url, client.Options{})
	if err := s.SignIn(c.Context(), credentials.Username, string(credentials.Password)); err != nil {
		return explainLogin(err)
	}
	defer s.SignOut(context.WithoutCancel(c.Context())) //nolint:errcheck // otherwise the session expires
	return f(c.Context(), s)
}

func (a *app) showKeys(rows []dto.APIKey) error {
	now := time.Now()
	return show(a, rows, []column[dto.APIKey]{
		{"ID", func(k dto.APIKey) string { return k.ID }},
		{"NAME", func(k dto.APIKey) string { return k.Name }},
		{"ROLE", func(k dto.APIKey) string { return string(k.Role) }},
		{"SCOPE", func(k dto.APIKey) string { return k.Scope }},
		{"CREATED", func(k dto.APIKey) string { return ago(k.CreatedAt, now) }},
		{"USED", func(k dto.APIKey) string { return ago(k.LastUsedAt, now) }},
		{"EXPIRES", func(k dto.APIKey) string {
			if k.ExpiresAt.IsZero() {
				return "never"
			}
			return k.ExpiresAt.Local().Format(time.DateTime)
		}},
	})
}

func (a *app) addKeyCommand(o *keysOptions) *cobra.Command {
	var in dto.NewAPIKey
	var role string
	var lasts time.Duration
	c := &cobra.Command{
		Use: "add NAME", Short: "Create an API key and print it; it can't be shown again",
		Example: lines("wharf keys add ci --role viewer", "wharf keys add deploy --role operator --expires 720h",
			"wharf keys add builds --role admin --scope docker --expires 8h"),
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			in.Name, in.Role = args[0], dto.Role(role)
			if lasts > 0 {
				in.ExpiresAt = dto.Time{Time: time.Now().Add(lasts)}
			}
			return a.inSession(c, o, func(ctx context.Context, s *client.Client) error {
				k, err := s.AddKey(ctx, in)
				if err != nil {
					return err
				}
				return a.printLine(k.Key)
			})
		},
	}
	c.Flags().StringVar(&role, "role", "viewer", "the key's `ROLE`, at most your own: viewer, operator or admin")
	c.Flags().BoolVar(&in.Exec, "exec", false, "also allow terminals where your grants have exec")
	c.Flags().StringVar(&in.Scope, "scope", "", "the key's `SCOPE`: docker makes a key only for Docker's own tools (wharf docker), with the power of root on every host")
	c.Flags().DurationVar(&lasts, "expires", 0, "the key's lifetime (default: unlimited)")
	a.complete(c, "role", fixed("viewer", "operator", "admin"))
	a.complete(c, "scope", fixed("docker"))
	return c
}

func (a *app) removeKeyCommand(o *keysOptions) *cobra.Command {
	return &cobra.Command{
		Use: "rm ID", Short: "Delete an API key",
		Example: lines("wharf keys rm 4b2efe8c-b526-4ff3-a2fa-c1ddcb9601e9"),
		Args:    arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.inSession(c, o, func(ctx context.Context, s *client.Client) error { return s.DeleteKey(ctx, args[0]) })
		},
	}
}
