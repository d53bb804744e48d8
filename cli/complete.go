package cli

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
	"wharf/util/text"
)

// completeTimeout is how long a completion waits for the server.
const completeTimeout = 2 * time.Second

// names returns the candidates for a completion.
type names func(ctx context.Context) []string

// complete completes the values of a flag with names.
func (a *app) complete(c *cobra.Command, flag string, from names) {
	_ = c.RegisterFlagCompletionFunc(flag, completion(from))
}

func completion(from names) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completeTimeout)
		defer cancel()
		return from(ctx), cobra.ShellCompDirectiveNoFileComp
	}
}

// first completes only the first argument.
func first(from names) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completion(from)(c, args, part)
	}
}

func fixed(values ...string) names { return func(context.Context) []string { return values } }

// safeName matches the names that completion offers: an engine could return any text as a name, and the shell inserts it.
var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]*$`)

func (a *app) contextNames(context.Context) []string {
	all, err := loadContexts()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all.names(), func(s string) bool { return !safeName.MatchString(s) })
}

func (a *app) hostNames(ctx context.Context) []string {
	server, err := a.connect()
	if err != nil {
		return nil
	}
	hosts, err := server.ListHostStatus(ctx, dto.HostQuery{})
	if err != nil {
		return nil
	}
	found := []string{}
	for _, h := range hosts {
		if safeName.MatchString(h.Host) {
			found = append(found, cobra.CompletionWithDesc(h.Host, h.Status))
		}
	}
	return found
}

// containerNames completes containers in any of the states: by name if it exists on only one host, otherwise as HOST/NAME.
func (a *app) containerNames(states ...string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completeTimeout)
		defer cancel()
		server, err := a.connect()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		rows, _, err := server.containers(ctx, dto.AllContainersQuery{ContainerQuery: dto.ContainerQuery{State: states}})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return containersFor(rows, args, part), cobra.ShellCompDirectiveNoFileComp
	}
}

func containersFor(rows []dto.HostedContainer, used []string, part string) []string {
	times := map[string]int{}
	for _, r := range rows {
		times[r.Name]++
	}
	found := []string{}
	for _, r := range rows {
		if !safeName.MatchString(r.Name) || !safeName.MatchString(r.Host) {
			continue
		}
		name := r.Name
		if times[name] > 1 || strings.Contains(part, "/") {
			name = r.Host + "/" + r.Name
		}
		if !slices.Contains(used, name) {
			found = append(found, cobra.CompletionWithDesc(name, text.Terminal(r.Host+", "+r.Image+", "+r.Status)))
		}
	}
	return found
}
