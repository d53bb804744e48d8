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

// The kinds of objects that Prune removes, in the order of removal: removing containers first frees what they used.
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
	PruneKept    = "kept" // Detail has the reason
)

// freshContainer is the minimum age at which a container that was never started is removed: a younger one may be about to
// start.
const freshContainer = 10 * time.Minute

// PruneRequest selects the unused objects to remove.
type PruneRequest struct {
	Kinds []string
	Hosts []string // empty: all hosts on which the actor has OperateHost
	// All includes images that have a tag and volumes that a user named.
	All bool
	// DryRun returns what would be removed, and removes nothing.
	DryRun bool
	// Only, unless nil, restricts the removal to these objects, for example the result of a dry run.
	Only []PruneOnly
}

// PruneOnly names objects of one kind on one host, by their ids or prefixes of their ids.
type PruneOnly struct {
	Host, Kind string
	IDs        []string
}

// names reports whether o names an item. Prefixes must have at least 12 hex digits; names of volumes must be complete.
func (o *PruneOnly) names(i *PruneItem) bool {
	return o.Host == i.Host && o.Kind == i.Kind && slices.ContainsFunc(o.IDs, func(id string) bool {
		return id == i.ID || i.Kind != KindVolume && len(strings.TrimPrefix(id, "sha256:")) >= 12 &&
			strings.HasPrefix(strings.TrimPrefix(i.ID, "sha256:"), strings.TrimPrefix(id, "sha256:"))
	})
}

// PruneItem is an object that Prune removed or would remove.
type PruneItem struct {
	Host, Kind, ID, Name string
	Bytes                int64 // the least that its removal frees
	State, Detail        string
}

// Prune removes unused objects one by one, each with an audit row, or with DryRun returns them only. The engine refuses to
// remove objects that have come into use in the meantime; they are kept. When ctx ends, Prune stops after the current
// removal. Errors: Invalid, NotFound, Forbidden; the errors of a host are in its HostResult.
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

// OpenWhole opens the named hosts with OperateHost, or all hosts on which the actor has it if names is empty. Errors:
// Invalid for a host that is named twice, NotFound, Forbidden.
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

// plan returns the unused objects of the host, in the order of their removal.
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

// idle reports whether a container has exited, or was never started and isn't fresh.
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

// remove removes one object, unless ctx has ended.
func (h *Host) remove(ctx context.Context, item *PruneItem) {
	err := ctx.Err()
	if err == nil {
		err = h.removeItem(context.WithoutCancel(ctx), item)
	}
	switch e, ok := apperr.As(err); {
	case err == nil, ok && e.Kind == apperr.NotFound: // NotFound: another caller removed it
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
