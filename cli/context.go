package cli

import (
	"github.com/spf13/cobra"
)

// contextRow is a context without its key.
type contextRow struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	Username string `json:"username"`
	Current  bool   `json:"current"`
}

func (a *app) contextCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "context [NAME]", Aliases: []string{"contexts"}, Short: "List contexts, or select the current one",
		Long: "A context is a server that you logged in to. --context and WHARF_CONTEXT select another one for a single command.\n" +
			"WHARF_URL and WHARF_TOKEN replace the context: no context's key is ever sent to WHARF_URL.",
		Example: lines("wharf context", "wharf context wharf.example.com"),
		Args:    arguments(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			all, err := loadContexts()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listContexts(all)
			}
			p, ok := all.Contexts[args[0]]
			if !ok {
				return exit(exitNotFound, "no context %q: wharf context lists them", args[0])
			}
			all.Current = args[0]
			if err := all.save(); err != nil {
				return err
			}
			return a.say("%s, as %s", p.URL, p.Username)
		},
	}
	c.ValidArgsFunction = first(a.contextNames)
	a.outputFlag(c, "table")
	return c
}

func (a *app) listContexts(all *contexts) error {
	rows := make([]contextRow, 0, len(all.Contexts))
	for _, name := range all.names() {
		p := all.Contexts[name]
		rows = append(rows, contextRow{Name: name, URL: p.URL, Username: p.Username, Current: name == all.Current})
	}
	return show(a, rows, []column[contextRow]{
		{"NAME", func(r contextRow) string {
			if r.Current {
				return r.Name + " *"
			}
			return r.Name
		}},
		{"URL", func(r contextRow) string { return r.URL }},
		{"USER", func(r contextRow) string { return r.Username }},
	})
}
