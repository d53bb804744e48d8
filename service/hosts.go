package service

import (
	"context"
	"fmt"
	"slices"

	"wharf/dockerx"
	"wharf/dockerx/stats"
	"wharf/util/apperr"
)

// Hosts is the one door to the Docker hosts: nobody gets at a host but for an actor.
type Hosts struct {
	fleet *dockerx.Fleet
}

// NewHosts opens the door to a fleet.
func NewHosts(fleet *dockerx.Fleet) *Hosts { return &Hosts{fleet: fleet} }

// HostInfo is what anyone who may see a host may know of it.
type HostInfo struct {
	Name string
	Addr string // without credentials
}

// List returns the hosts that the actor may see, in the setting's order.
func (s *Hosts) List(actor Actor) []HostInfo {
	seen := []HostInfo{}
	for _, h := range s.fleet.Hosts() {
		if actor.somewhereOn(h.Name(), View) {
			seen = append(seen, HostInfo{Name: h.Name(), Addr: h.Addr()})
		}
	}
	return seen
}

// Open returns a host for an actor who needs a permission on it, and on the containers it
// touches there. Errors: NotFound for a host that doesn't exist or that the actor may not
// see, which are the same to the caller; Forbidden where the permission is had on no
// container of the host. No daemon is asked.
func (s *Hosts) Open(actor Actor, name string, need Permission) (*Host, error) {
	h, ok := s.fleet.Host(name)
	switch {
	case !ok || !actor.somewhereOn(name, View):
		return nil, apperr.New(apperr.NotFound, "unknown host")
	case !actor.somewhereOn(name, need):
		return nil, errForbidden
	}
	return &Host{host: h, actor: actor, need: need}, nil
}

// Host is a Docker host as one actor sees it. Every method shows and touches only what the
// actor's role on each container allows.
type Host struct {
	host  *dockerx.Host
	actor Actor
	need  Permission
}

// Containers lists the host's containers, running or not, in Docker's order. The list is
// shared between callers and must not be changed.
func (h *Host) Containers(ctx context.Context) (*dockerx.List, error) {
	list, err := h.host.List(ctx)
	if err != nil || h.actor.everywhereOn(h.host.Name(), View) {
		return list, err
	}
	visible := slices.DeleteFunc(slices.Clone(list.Containers), func(c dockerx.Container) bool {
		return !h.sees(c.Labels)
	})
	return &dockerx.List{Containers: visible}, nil
}

// Inspect shows one container, masked as the actor's role there asks for.
func (h *Host) Inspect(ctx context.Context, ref dockerx.Ref) (*dockerx.Details, error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return nil, err
	}
	role := h.actor.roleOn(h.host.Name(), d.Config.Labels)
	if h.actor.Unmasked || role.atLeast(RoleAdmin) {
		return d, nil
	}
	return maskDetails(d, role), nil
}

// Start starts a container. Errors: Conflict when it runs already or is paused.
func (h *Host) Start(ctx context.Context, ref dockerx.Ref) error {
	d, err := h.resolve(ctx, ref, Operate)
	if err != nil {
		return err
	}
	return h.host.Start(ctx, d.ID)
}

// Stop stops a container with its own grace period. Errors: Conflict when it isn't running.
func (h *Host) Stop(ctx context.Context, ref dockerx.Ref) error {
	d, err := h.resolve(ctx, ref, Operate)
	if err != nil {
		return err
	}
	return h.host.Stop(ctx, d.ID, nil)
}

// Usage tells what one container uses; zeros when it isn't running.
func (h *Host) Usage(ctx context.Context, ref dockerx.Ref) (stats.Usage, error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return stats.Usage{}, err
	}
	return h.host.Usage(ctx, d.ID)
}

// UsageAll tells what all containers use. The snapshot is shared and must not be changed.
func (h *Host) UsageAll(ctx context.Context) (*stats.Snapshot, error) {
	snap, err := h.host.UsageAll(ctx)
	if err != nil || h.actor.everywhereOn(h.host.Name(), View) {
		return snap, err
	}
	visible := slices.DeleteFunc(slices.Clone(snap.Usages), func(u stats.Usage) bool {
		return !h.sees(u.Labels)
	})
	return &stats.Snapshot{SampledAt: snap.SampledAt, Partial: snap.Partial, Usages: visible}, nil
}

// resolve finds the container that is meant and checks that the actor may do what it wants.
func (h *Host) resolve(ctx context.Context, ref dockerx.Ref, need Permission) (*dockerx.Details, error) {
	if need > h.need {
		return nil, fmt.Errorf("host opened with permission %d, used with %d", h.need, need)
	}
	d, err := h.host.Resolve(ctx, ref)
	if err != nil {
		return nil, err
	}
	if !h.sees(d.Config.Labels) {
		return nil, apperr.New(apperr.NotFound, "Error response from daemon: No such container: %s", ref)
	}
	if !h.may(need, d.Config.Labels) {
		return nil, errForbidden
	}
	return d, nil
}

var errForbidden = apperr.New(apperr.Forbidden, "not allowed")

func (h *Host) sees(labels map[string]string) bool { return h.may(View, labels) }

func (h *Host) may(p Permission, labels map[string]string) bool {
	return h.actor.roleOn(h.host.Name(), labels).atLeast(needs[p])
}
