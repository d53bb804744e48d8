package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wharf/api/dto"
)

const referenceHelp = "CONTAINER is a name, an id or the beginning of an id; put HOST/ in front if several hosts have such a container."

// target is a container on a host; ref is how the caller named it.
type target struct {
	host, id, name, ref string
}

// hostFlag adds --host to a command.
func (a *app) hostFlag(c *cobra.Command, hosts *[]string) {
	c.Flags().StringArrayVar(hosts, "host", nil, "only on this `HOST`; may be repeated, any may match")
	a.complete(c, "host", a.hostNames)
}

// labelFlag adds --label to a command.
func (a *app) labelFlag(c *cobra.Command, labels *[]string) {
	c.Flags().StringArrayVarP(labels, "label", "l", nil, "only with this `LABEL`, key or key=value; may be repeated, all must match")
}

// find returns the container that each reference names, on any host or on those of hosts. Errors: exitNotFound if a reference
// matches no container or several.
func (s *connection) find(ctx context.Context, refs, hosts []string) ([]target, error) {
	found := make([]target, len(refs))
	var rows []dto.HostedContainer
	var answers []dto.HostAnswer
	for i, given := range refs {
		host, ref, hasHost := strings.Cut(given, "/")
		if !hasHost {
			host, ref = "", given
		}
		if !hasHost && len(hosts) == 1 {
			host = hosts[0]
		}
		if host != "" {
			found[i] = target{host: host, id: ref, name: ref, ref: given}
			continue
		}
		if rows == nil {
			var err error
			if rows, answers, err = s.containers(ctx, dto.AllContainersQuery{Host: hosts}); err != nil {
				return nil, err
			}
		}
		var err error
		if found[i], err = pick(rows, answers, given); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// findOne is find for one reference.
func (s *connection) findOne(ctx context.Context, ref string, hosts []string) (target, error) {
	found, err := s.find(ctx, []string{ref}, hosts)
	if err != nil {
		return target{}, err
	}
	return found[0], nil
}

// pick finds a container by id, name or the beginning of its id, in this order, as docker does.
func pick(rows []dto.HostedContainer, answers []dto.HostAnswer, ref string) (target, error) {
	var matches []target
	for _, match := range []func(dto.HostedContainer) bool{
		func(r dto.HostedContainer) bool { return r.ID == ref },
		func(r dto.HostedContainer) bool { return r.Name == ref },
		func(r dto.HostedContainer) bool { return ref != "" && strings.HasPrefix(r.ID, ref) },
	} {
		for _, r := range rows {
			if match(r) {
				matches = append(matches, target{host: r.Host, id: r.ID, name: r.Name, ref: ref})
			}
		}
		if len(matches) > 0 {
			break
		}
	}
	switch len(matches) {
	case 1:
		return matches[0], nil
	case 0:
		return target{}, exit(exitNotFound, "no container %q on any host%s: wharf ps -a lists them", ref, unanswered(answers))
	}
	names := make([]string, len(matches))
	for i, m := range matches {
		names[i] = m.host + "/" + m.name
	}
	return target{}, exit(exitNotFound, "%q is several containers: say which of %s", ref, strings.Join(names, ", "))
}

// unanswered returns the hosts that didn't answer and may have the container.
func unanswered(answers []dto.HostAnswer) string {
	answers = slices.DeleteFunc(slices.Clone(answers), func(h dto.HostAnswer) bool { return h.OK })
	if len(answers) == 0 {
		return ""
	}
	names := make([]string, len(answers))
	for i, h := range answers {
		names[i] = h.Host
	}
	return " that answers (" + strings.Join(names, ", ") + " didn't)"
}

// choose returns the containers that a command names, or all that --label selects.
func (s *connection) choose(ctx context.Context, c *cobra.Command, refs, hosts, labels []string) ([]target, error) {
	switch {
	case len(refs) > 0 && len(labels) > 0:
		return nil, usage(c, "name containers or give --label, not both")
	case len(refs) > 0:
		return s.find(ctx, refs, hosts)
	case len(labels) == 0:
		return nil, usage(c, "name a container, or give --label")
	}
	rows, answers, err := s.containers(ctx, dto.AllContainersQuery{Host: hosts, ContainerQuery: dto.ContainerQuery{Label: labels}})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, exit(exitNotFound, "no container has the label %s%s", strings.Join(labels, " and "), unanswered(answers))
	}
	chosen := make([]target, len(rows))
	for i, r := range rows {
		chosen[i] = target{host: r.Host, id: r.ID, name: r.Name, ref: r.Host + "/" + r.Name}
	}
	return chosen, nil
}
