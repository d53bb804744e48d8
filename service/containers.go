package service

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/dockerx/containers"
	"wharf/util/apperr"
)

// listAllTimeout bounds a list of several hosts: slower hosts are missing from it.
const listAllTimeout = 3 * time.Second

// HostResult is one host's part in a request to several hosts: Err is nil, or the reason why its part is missing.
type HostResult struct {
	Host string
	Err  error
}

// ContainerFilter selects containers; its zero value selects all. A container must match every field that is set, and at
// least one value of each field, but all of Labels.
type ContainerFilter struct {
	Hosts    []string // exact
	States   []string // exact
	Names    []string // part of the name
	Images   []string // part of the image
	Labels   []string // "key" or "key=value"; all must match
	Projects []string // Compose projects, exact
	IDs      []string // ids, or prefixes of ids
	Text     string   // part of the id, name, image, host, state, status or a label, ignoring case
}

// HostedContainer is a container and its host.
type HostedContainer struct {
	Host string
	containers.Container
}

// Containers returns the containers that the actor may see, of all hosts, which are queried concurrently. If a host doesn't
// answer in time, its HostResult has the error. Hosts are in the order of the settings, containers in Docker's order.
// Errors: NotFound for a host in the filter that doesn't exist or that the actor may not see.
func (s *Hosts) Containers(ctx context.Context, actor Actor, f ContainerFilter) ([]HostedContainer, []HostResult, error) {
	hosts, lists, answers, err := s.lists(ctx, actor, f.Hosts)
	if err != nil {
		return nil, nil, err
	}
	found := []HostedContainer{}
	for i, list := range lists {
		if list == nil {
			continue
		}
		for _, c := range list.Containers {
			c.Labels = hosts[i].shownLabels(c.Labels) // before matching: a filter must not reveal masked values
			if f.matches(answers[i].Host, &c) {
				found = append(found, HostedContainer{answers[i].Host, c})
			}
		}
	}
	return found, answers, nil
}

// lists queries the named hosts, or all that the actor may see, for their containers, concurrently. The list of a host that
// didn't answer in time is nil.
func (s *Hosts) lists(ctx context.Context, actor Actor, names []string) ([]*Host, []*containers.List, []HostResult, error) {
	hosts, err := s.openAll(ctx, actor, names)
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := withListTimeout(ctx, len(hosts))
	defer cancel()
	lists := make([]*containers.List, len(hosts))
	answers := make([]HostResult, len(hosts))
	var asking sync.WaitGroup
	for i, h := range hosts {
		answers[i].Host = h.host.Name()
		asking.Go(func() { lists[i], answers[i].Err = h.Containers(ctx) })
	}
	asking.Wait()
	return hosts, lists, answers, nil
}

// withListTimeout applies listAllTimeout to a query of several hosts. A single host has its own deadline, with its own
// error message.
func withListTimeout(ctx context.Context, hosts int) (context.Context, context.CancelFunc) {
	if hosts < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, listAllTimeout)
}

// openAll opens the named hosts, or all that the actor may see if names is empty.
func (s *Hosts) openAll(ctx context.Context, actor Actor, names []string) ([]*Host, error) {
	if len(names) == 0 {
		for _, info := range s.List(actor) {
			names = append(names, info.Name)
		}
	}
	hosts := make([]*Host, len(names))
	for i, name := range names {
		var err error
		if hosts[i], err = s.Open(ctx, actor, name, View); err != nil {
			return nil, apperr.New(apperr.KindOf(err), "host %q: %v", name, err)
		}
	}
	return hosts, nil
}

// shownLabels masks a container's labels unless the actor may see secrets there.
func (h *Host) shownLabels(labels map[string]string) map[string]string {
	if h.actor.Unmasked || h.actor.roleOn(h.host.Name(), labels).atLeast(RoleAdmin) {
		return labels
	}
	return maskMap(labels)
}

// matches reports whether the filter selects a container. Its labels must already be masked for the caller.
func (f *ContainerFilter) matches(host string, c *containers.Container) bool {
	return oneOf(f.States, func(s string) bool { return s == c.State }) &&
		oneOf(f.Names, func(s string) bool { return strings.Contains(c.Name, s) }) &&
		oneOf(f.Images, func(s string) bool { return strings.Contains(c.Image, s) }) &&
		oneOf(f.Projects, func(s string) bool { return s == c.Labels[projectLabel] }) &&
		oneOf(f.IDs, func(s string) bool { return strings.HasPrefix(c.ID, s) }) &&
		!slices.ContainsFunc(f.Labels, func(s string) bool { return !hasLabel(c.Labels, s) }) &&
		f.mentions(host, c)
}

// oneOf reports whether wanted is empty or one of its values matches.
func oneOf(wanted []string, match func(string) bool) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, match)
}

// hasLabel reports whether the labels match the selector "key" or "key=value".
func hasLabel(labels map[string]string, selector string) bool {
	key, value, exact := strings.Cut(selector, "=")
	got, ok := labels[key]
	return ok && (!exact || got == value)
}

// mentions reports whether one of the container's texts contains Text, ignoring case.
func (f *ContainerFilter) mentions(host string, c *containers.Container) bool {
	if f.Text == "" {
		return true
	}
	text := strings.ToLower(f.Text)
	for _, s := range []string{c.ID, c.Name, c.Image, host, c.State, c.Status} {
		if strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	for key, value := range c.Labels {
		if strings.Contains(strings.ToLower(key), text) || strings.Contains(strings.ToLower(value), text) {
			return true
		}
	}
	return false
}

// containerOrder is an order of containers: by "host", "name", "image", "state" or "created". Ties are broken by host, name
// and id, so that it is a total order.
type containerOrder struct {
	key        string
	descending bool
}

// orderNamed returns the order with a name; a leading "-" makes it descending.
func orderNamed(name string) containerOrder {
	key, descending := strings.CutPrefix(name, "-")
	return containerOrder{key, descending}
}

// compare compares two containers in the ascending order.
func (o containerOrder) compare(hostA string, a *containers.Container, hostB string, b *containers.Container) int {
	order := 0
	switch o.key {
	case "name":
		order = strings.Compare(a.Name, b.Name)
	case "image":
		order = strings.Compare(a.Image, b.Image)
	case "state":
		order = strings.Compare(a.State, b.State)
	case "created":
		order = a.Created.Compare(b.Created)
	}
	return cmp.Or(order, strings.Compare(hostA, hostB), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}

// before reports whether the first of two containers comes before the other.
func (o containerOrder) before(hostA string, a *containers.Container, hostB string, b *containers.Container) bool {
	if o.descending {
		return o.compare(hostB, b, hostA, a) < 0
	}
	return o.compare(hostA, a, hostB, b) < 0
}
