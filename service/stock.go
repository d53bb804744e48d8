package service

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"wharf/dockerx"
	"wharf/dockerx/images"
)

// StockFilter selects images, volumes or networks; its zero value selects all. An object must match every field that is set,
// and at least one value of each field, but all of Labels.
type StockFilter struct {
	Hosts    []string // exact
	Names    []string // part of a name
	Labels   []string // "key" or "key=value"; all must match
	Dangling *bool    // for images: without a tag
	InUse    *bool    // by a container that the actor may see
	Text     string   // part of an id, a name, the host or a label, ignoring case
}

// UsedBy is a container that uses an image, volume or network.
type UsedBy struct{ ID, Name string }

// Hosted is an image, volume or network, its host, and the containers there that use it and that the actor may see.
type Hosted[T any] struct {
	Host   string
	Is     T
	UsedBy []UsedBy
}

// Images returns the images of all hosts, or of those in the filter, which are queried concurrently. If the actor may not see
// all containers of a host, it gets only images that visible containers use. Hosts are in the order of the settings. Errors:
// NotFound for a host in the filter that doesn't exist.
func (s *Hosts) Images(ctx context.Context, actor Actor, f StockFilter) ([]Hosted[images.Row], []HostResult, error) {
	return stockOf(ctx, s, actor, f, (*dockerx.Host).ListImages, func(l *images.Rows) []kept[images.Row] {
		rows := make([]kept[images.Row], 0, len(l.Images))
		for _, i := range l.Images {
			if f.Dangling == nil || *f.Dangling == i.Dangling() {
				rows = append(rows, kept[images.Row]{i, i.ID, slices.Concat(i.Tags, i.Digests), i.Labels})
			}
		}
		return rows
	}, func(i *images.Row, labels map[string]string) { i.Labels = labels })
}

// Volumes is like Images, for volumes.
func (s *Hosts) Volumes(ctx context.Context, actor Actor, f StockFilter) ([]Hosted[images.Volume], []HostResult, error) {
	return stockOf(ctx, s, actor, f, (*dockerx.Host).ListVolumes, func(l *images.Volumes) []kept[images.Volume] {
		rows := make([]kept[images.Volume], 0, len(l.Volumes))
		for _, v := range l.Volumes {
			rows = append(rows, kept[images.Volume]{v, v.Name, []string{v.Name}, v.Labels})
		}
		return rows
	}, func(v *images.Volume, labels map[string]string) { v.Labels = labels })
}

// Networks is like Images, for networks.
func (s *Hosts) Networks(ctx context.Context, actor Actor, f StockFilter) ([]Hosted[images.Network], []HostResult, error) {
	return stockOf(ctx, s, actor, f, (*dockerx.Host).ListNetworks, func(l *images.Networks) []kept[images.Network] {
		rows := make([]kept[images.Network], 0, len(l.Networks))
		for _, n := range l.Networks {
			rows = append(rows, kept[images.Network]{n, n.ID, []string{n.Name}, n.Labels})
		}
		return rows
	}, func(n *images.Network, labels map[string]string) { n.Labels = labels })
}

// kept is an image, volume or network, with the fields that a filter checks. Containers refer to it by its id or a name.
type kept[T any] struct {
	is     T
	id     string
	names  []string
	labels map[string]string
}

// stockOf queries hosts for a list of objects and for the objects that their containers use, and filters the lists.
func stockOf[L, T any](
	ctx context.Context, s *Hosts, actor Actor, f StockFilter, read func(*dockerx.Host, context.Context) (*L, error),
	rows func(*L) []kept[T], relabel func(*T, map[string]string),
) ([]Hosted[T], []HostResult, error) {
	hosts, err := s.openAll(ctx, actor, f.Hosts)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := withListTimeout(ctx, len(hosts))
	defer cancel()
	found, answers := make([][]Hosted[T], len(hosts)), make([]HostResult, len(hosts))
	var asking sync.WaitGroup
	for i, h := range hosts {
		answers[i].Host = h.host.Name()
		asking.Go(func() {
			list, uses, err := readBoth(ctx, h.host, read)
			if answers[i].Err = err; err == nil {
				found[i] = shownStock(h, f, rows(list), uses, relabel)
			}
		})
	}
	asking.Wait()
	all := slices.Concat(found...)
	if all == nil {
		all = []Hosted[T]{}
	}
	return all, answers, nil
}

// readBoth reads a list and the uses of containers concurrently.
func readBoth[L any](ctx context.Context, h *dockerx.Host, read func(*dockerx.Host, context.Context) (*L, error)) (*L, *images.Uses, error) {
	var (
		uses    *images.Uses
		useErr  error
		reading sync.WaitGroup
	)
	reading.Go(func() { uses, useErr = h.Uses(ctx) })
	list, err := read(h, ctx)
	reading.Wait()
	if err == nil {
		err = useErr
	}
	return list, uses, err
}

// shownStock returns the objects of a list that the host's actor may see and the filter selects.
func shownStock[T any](h *Host, f StockFilter, rows []kept[T], uses *images.Uses, relabel func(*T, map[string]string)) []Hosted[T] {
	users := h.usersOf(uses)
	whole := h.actor.everywhereOn(h.host.Name(), View)
	found := make([]Hosted[T], 0, len(rows))
	for _, row := range rows {
		usedBy := users[row.id]
		for _, name := range row.names {
			if name != row.id {
				usedBy = append(usedBy[:len(usedBy):len(usedBy)], users[name]...)
			}
		}
		if !whole && len(usedBy) == 0 || f.InUse != nil && *f.InUse != (len(usedBy) > 0) {
			continue
		}
		row.labels = h.stockLabels(row.labels) // before matching: a filter must not reveal masked values
		if !f.matches(h.host.Name(), row.id, row.names, row.labels) {
			continue
		}
		relabel(&row.is, row.labels)
		found = append(found, Hosted[T]{h.host.Name(), row.is, unique(usedBy)})
	}
	return found
}

// usersOf returns the containers that the actor may see, by the ids and names of the objects that they use.
func (h *Host) usersOf(uses *images.Uses) map[string][]UsedBy {
	users := map[string][]UsedBy{}
	for _, c := range uses.Containers {
		if !h.sees(c.Labels) {
			continue
		}
		by := UsedBy{c.ID, c.Name}
		users[c.Image] = append(users[c.Image], by)
		for _, v := range c.Volumes {
			users[v] = append(users[v], by)
		}
		for _, n := range c.Networks {
			users[n] = append(users[n], by)
		}
	}
	return users
}

// unique removes duplicates: containers found both by name and by id.
func unique(all []UsedBy) []UsedBy {
	kept := make([]UsedBy, 0, len(all))
	for _, u := range all {
		if !slices.Contains(kept, u) {
			kept = append(kept, u)
		}
	}
	return kept
}

// stockLabels masks the labels of images, volumes and networks unless the actor may see secrets on the whole host.
func (h *Host) stockLabels(labels map[string]string) map[string]string {
	if h.actor.Unmasked || h.actor.everywhereOn(h.host.Name(), Administer) {
		return labels
	}
	return maskMap(labels)
}

func (f *StockFilter) matches(host, id string, names []string, labels map[string]string) bool {
	if len(f.Names) > 0 && !slices.ContainsFunc(f.Names, func(part string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, part) })
	}) {
		return false
	}
	if slices.ContainsFunc(f.Labels, func(l string) bool { return !hasLabel(labels, l) }) {
		return false
	}
	if f.Text == "" {
		return true
	}
	texts := slices.Concat([]string{id, host}, names, slices.Collect(maps.Keys(labels)), slices.Collect(maps.Values(labels)))
	text := strings.ToLower(f.Text)
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}
