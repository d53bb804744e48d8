package service

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/images"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
	"wharf/util/text"
)

// The kinds of things that Prune removes, in the order in which it does: what a container used is free after it.
const (
	KindContainer = "container"
	KindNetwork   = "network"
	KindVolume    = "volume"
	KindImage     = "image"
)

// The states of a PruneItem.
const (
	PrunePlanned = "planned" // a dry run
	PruneRemoved = "removed"
	PruneKept    = "kept" // Detail says why
)

// freshContainer is how long a container that was created but not started is left alone: it may be about to be.
const freshContainer = 10 * time.Minute

// PruneRequest says what to remove of what nothing uses.
type PruneRequest struct {
	Kinds []string
	Hosts []string // empty: all that the actor may change as a whole
	// All takes images that have a name and volumes that got theirs from a person, too.
	All bool
	// DryRun shows what would be removed, and removes nothing.
	DryRun bool
	// Only, unless nil, is what may be removed at most: what a dry run has shown.
	Only []PruneOnly
}

// PruneOnly names things of one kind on one host, by their ids or the beginnings of these.
type PruneOnly struct {
	Host, Kind string
	IDs        []string
}

// names reports whether it names an item. Names of volumes must be whole.
func (o *PruneOnly) names(i *PruneItem) bool {
	return o.Host == i.Host && o.Kind == i.Kind && slices.ContainsFunc(o.IDs, func(id string) bool {
		return id == i.ID || i.Kind != KindVolume && len(strings.TrimPrefix(id, "sha256:")) >= 12 &&
			strings.HasPrefix(strings.TrimPrefix(i.ID, "sha256:"), strings.TrimPrefix(id, "sha256:"))
	})
}

// PruneItem is one thing that is removed, or would be.
type PruneItem struct {
	Host, Kind, ID, Name string
	Bytes                int64 // that its removal frees at least
	State, Detail        string
}

// Prune removes what nothing uses, one by one, each with an audit row, or shows what that would be. The engine refuses to
// remove what came into use meanwhile; it stays. A caller that leaves ends it after the removal under way. Errors: Invalid,
// NotFound, Forbidden; those of a host are in its result.
func (s *Hosts) Prune(ctx context.Context, actor Actor, r PruneRequest) ([]PruneItem, []HostResult, error) {
	hosts, err := s.OpenWhole(ctx, actor, r.Hosts)
	if err != nil {
		return nil, nil, err
	}
	items, answers := make([][]PruneItem, len(hosts)), make([]HostResult, len(hosts))
	var pruning sync.WaitGroup
	for i, h := range hosts {
		answers[i].Host = h.host.Name()
		pruning.Go(func() {
			items[i], answers[i].Err = h.plan(ctx, &r)
			for n := range items[i] {
				if !r.DryRun {
					h.remove(ctx, &items[i][n])
				}
			}
		})
	}
	pruning.Wait()
	return slices.Concat(items...), answers, nil
}

// OpenWhole opens the named hosts, or, if there are no names, all that the actor may change as a whole.
func (s *Hosts) OpenWhole(ctx context.Context, actor Actor, names []string) ([]*Host, error) {
	if len(names) == 0 {
		for _, info := range s.List(actor) {
			if actor.everywhereOn(info.Name, OperateHost) {
				names = append(names, info.Name)
			}
		}
	}
	hosts := make([]*Host, len(names))
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, apperr.New(apperr.Invalid, "hosts: %q is there twice", name)
		}
		var err error
		if hosts[i], err = s.Open(ctx, actor, name, OperateHost); err != nil {
			return nil, apperr.New(apperr.KindOf(err), "host %q: %v", name, err)
		}
	}
	return hosts, nil
}

// plan returns what nothing on the host uses, in the order of its removal.
func (h *Host) plan(ctx context.Context, r *PruneRequest) ([]PruneItem, error) {
	uses, err := h.host.FreshUses(ctx)
	if err != nil {
		return nil, err
	}
	sizes := images.Sizes{}
	if slices.ContainsFunc(r.Kinds, func(k string) bool { return k != KindNetwork }) {
		if sizes, err = h.host.Sizes(ctx); err != nil {
			return nil, err
		}
	}
	var plan []PruneItem
	add := func(kind, id, name string, bytes int64) bool {
		item := PruneItem{Host: h.host.Name(), Kind: kind, ID: id, Name: name, Bytes: bytes, State: PrunePlanned}
		if r.Only != nil && !slices.ContainsFunc(r.Only, func(o PruneOnly) bool { return o.names(&item) }) {
			return false
		}
		plan = append(plan, item)
		return true
	}
	used := map[string]bool{}
	for i := range uses.Containers {
		c := &uses.Containers[i]
		if slices.Contains(r.Kinds, KindContainer) && idle(c) && add(KindContainer, c.ID, c.Name, sizes.Containers[c.ID]) {
			continue
		}
		used[c.Image] = true
		for _, name := range slices.Concat(c.Volumes, c.Networks) {
			used[name] = true
		}
	}
	if slices.Contains(r.Kinds, KindNetwork) {
		err = h.planNetworks(ctx, used, add)
	}
	if err == nil && slices.Contains(r.Kinds, KindVolume) {
		err = h.planVolumes(ctx, r.All, used, sizes, add)
	}
	if err == nil && slices.Contains(r.Kinds, KindImage) {
		err = h.planImages(ctx, r.All, used, sizes, add)
	}
	return plan, err
}

// idle reports whether a container has ended, or has never begun.
func idle(c *images.Use) bool {
	switch c.State {
	case "exited", "dead":
		return true
	case "created", "configured":
		return time.Since(c.Created) > freshContainer
	}
	return false
}

func (h *Host) planNetworks(ctx context.Context, used map[string]bool, add func(kind, id, name string, bytes int64) bool) error {
	list, err := h.host.ListNetworks(ctx)
	if err != nil {
		return err
	}
	for _, n := range list.Networks {
		if !n.Builtin() && n.Scope == "local" && !used[n.ID] && !used[n.Name] {
			add(KindNetwork, n.ID, n.Name, 0)
		}
	}
	return nil
}

func (h *Host) planVolumes(ctx context.Context, all bool, used map[string]bool, sizes images.Sizes, add func(kind, id, name string, bytes int64) bool) error {
	list, err := h.host.ListVolumes(ctx)
	if err != nil {
		return err
	}
	for _, v := range list.Volumes {
		if (all || v.Anonymous()) && !used[v.Name] {
			add(KindVolume, v.Name, v.Name, sizes.Volumes[v.Name])
		}
	}
	return nil
}

func (h *Host) planImages(ctx context.Context, all bool, used map[string]bool, sizes images.Sizes, add func(kind, id, name string, bytes int64) bool) error {
	list, err := h.host.ListImages(ctx)
	if err != nil {
		return err
	}
	for _, i := range list.Images {
		if (all || i.Dangling()) && !used[i.ID] {
			name := i.ID
			if len(i.Tags) > 0 {
				name = i.Tags[0]
			}
			add(KindImage, i.ID, name, sizes.Images[i.ID])
		}
	}
	return nil
}

// remove removes one thing, unless the caller has left.
func (h *Host) remove(ctx context.Context, item *PruneItem) {
	err := ctx.Err()
	if err == nil {
		err = h.removeItem(context.WithoutCancel(ctx), item)
	}
	switch e, ok := apperr.As(err); {
	case err == nil, ok && e.Kind == apperr.NotFound: // another has removed it
		item.State = PruneRemoved
	case ok && e.Kind != apperr.Internal:
		item.State, item.Detail = PruneKept, text.Truncate(e.Msg, 500)
	default:
		item.State, item.Detail = PruneKept, "not tried, or failed in wharf itself"
	}
}

func (h *Host) removeItem(ctx context.Context, item *PruneItem) error {
	switch item.Kind {
	case KindContainer:
		ref, err := containers.ParseRef(item.ID)
		if err != nil {
			return err
		}
		_, err = h.Operate(ctx, ref, operations.Operation{Name: "remove"})
		return err
	case KindNetwork:
		return h.RemoveNetwork(ctx, item.ID)
	case KindVolume:
		return h.RemoveVolume(ctx, item.ID)
	}
	return h.RemoveImage(ctx, item.ID)
}
