package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wharf/dockerx"
	"wharf/dockerx/stats"
	"wharf/util/apperr"
)

// Hosts is the one door to the Docker hosts: nobody gets at a host but for an actor.
type Hosts struct {
	fleet *dockerx.Fleet
	audit *Audit
}

// NewHosts opens the door to a fleet. What is done to containers, and what is refused, is
// written to the audit log, which may be nil.
func NewHosts(fleet *dockerx.Fleet, audit *Audit) *Hosts { return &Hosts{fleet: fleet, audit: audit} }

// HostInfo is what anyone who may see a host may know of it.
type HostInfo struct {
	Name   string
	Addr   string            // without credentials
	Labels map[string]string // of hosts.yaml; must not be changed
}

// List returns the hosts that the actor may see, in the setting's order.
func (s *Hosts) List(actor Actor) []HostInfo {
	seen := []HostInfo{}
	for _, h := range s.fleet.Hosts() {
		if actor.somewhereOn(h.Name(), View) {
			seen = append(seen, infoFor(actor, h))
		}
	}
	return seen
}

// infoFor masks labels that look secret, as a container's are.
func infoFor(actor Actor, h *dockerx.Host) HostInfo {
	labels := h.Labels()
	if !actor.Unmasked && !actor.roleOn(h.Name(), nil).atLeast(RoleAdmin) {
		labels = maskMap(labels)
	}
	return HostInfo{Name: h.Name(), Addr: h.Addr(), Labels: labels}
}

// HostStatus is how a host is.
type HostStatus struct {
	HostInfo
	dockerx.Status
}

// Statuses returns the status of each host that the actor may see and that has the labels, in the setting's order. A
// label is "key=value" or "key", and all must be there. It asks no daemon.
func (s *Hosts) Statuses(actor Actor, labels ...string) []HostStatus {
	var all []HostStatus
	for _, h := range s.fleet.Hosts() {
		if !actor.somewhereOn(h.Name(), View) {
			continue
		}
		status := (&Host{host: h, actor: actor}).Status()
		if !slices.ContainsFunc(labels, func(l string) bool { return !hasLabel(status.Labels, l) }) {
			all = append(all, status)
		}
	}
	return all
}

// Status tells how the host is, without asking it. Containers are counted for those who see
// all of them.
func (h *Host) Status() HostStatus {
	status := HostStatus{infoFor(h.actor, h.host), h.host.Status()}
	if !h.actor.everywhereOn(h.host.Name(), View) {
		status.Containers = nil
	}
	return status
}

// Open returns a host for an actor who needs a permission on it, and on the containers it
// touches there. Errors: NotFound for a host that doesn't exist or that the actor may not
// see, which are the same to the caller; Forbidden where the permission is had on no
// container of the host. No daemon is asked.
func (s *Hosts) Open(ctx context.Context, actor Actor, name string, need Permission) (*Host, error) {
	h, ok := s.fleet.Host(name)
	switch {
	case !ok || !actor.somewhereOn(name, View):
		return nil, apperr.New(apperr.NotFound, "unknown host")
	case !actor.somewhereOn(name, need):
		return nil, s.Deny(ctx, actor, Intent{Action: ActionRefused, Host: name})
	}
	return &Host{host: h, actor: actor, need: need, audit: s.audit}, nil
}

// Deny writes down that an actor was refused for want of a role, and returns the refusal.
func (s *Hosts) Deny(ctx context.Context, actor Actor, in Intent) error {
	return errors.Join(errForbidden, s.audit.RecordDone(ctx, actor, in, errForbidden))
}

// Host is a Docker host as one actor sees it. Every method shows and touches only what the
// actor's role on each container allows.
type Host struct {
	host  *dockerx.Host
	actor Actor
	need  Permission
	audit *Audit
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

// Usage tells what one container uses; zeros when it isn't running. A host that has stopped
// answering gives the last sample while it is young enough.
func (h *Host) Usage(ctx context.Context, ref dockerx.Ref) (stats.Usage, error) {
	d, err := h.resolve(ctx, ref, View)
	if apperr.KindOf(err) == apperr.Unavailable {
		if u, ok := h.host.LastUsage(ref, h.sees); ok {
			return u, nil
		}
	}
	if err != nil {
		return stats.Usage{}, err
	}
	return h.host.Usage(ctx, d.ID)
}

// UsageAll tells what all containers use. The snapshot is shared and must not be changed.
func (h *Host) UsageAll(ctx context.Context) (*stats.Snapshot, error) {
	snap, err := h.host.UsageAll(ctx)
	if err != nil {
		return nil, err
	}
	return h.visible(snap), nil
}

// resolve finds the container that is meant and checks that the actor may do what it wants.
func (h *Host) resolve(ctx context.Context, ref dockerx.Ref, need Permission) (*dockerx.Details, error) {
	if need > h.need {
		return nil, fmt.Errorf("host opened with permission %d, used with %d", h.need, need)
	}
	id, err := h.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	d, err := h.host.Resolve(ctx, id)
	if id != ref && apperr.KindOf(err) == apperr.NotFound { // gone since the list was read
		return nil, dockerx.ErrNoContainer(ref)
	}
	if err != nil {
		return nil, err
	}
	if !h.sees(d.Config.Labels) {
		return nil, dockerx.ErrNoContainer(ref)
	}
	if !h.may(need, d.Config.Labels) {
		return nil, errForbidden
	}
	return d, nil
}

// find resolves a reference among the containers that the actor may see, from the list alone: a hidden
// container and one that doesn't exist are the same in time, words and effect on others' prefixes, and
// the daemon hears of neither. For actors who see all of the host's containers it is the daemon's to
// resolve.
func (h *Host) find(ctx context.Context, ref dockerx.Ref) (dockerx.Ref, error) {
	if h.actor.everywhereOn(h.host.Name(), View) {
		return ref, nil
	}
	list, err := h.Containers(ctx)
	if err != nil {
		return dockerx.Ref{}, err
	}
	c, err := dockerx.Find(list.Containers, ref)
	if err != nil {
		return dockerx.Ref{}, err
	}
	return c.Ref(), nil
}

var errForbidden = apperr.New(apperr.Forbidden, "not allowed")

func (h *Host) sees(labels map[string]string) bool { return h.may(View, labels) }

func (h *Host) may(p Permission, labels map[string]string) bool {
	return h.actor.roleOn(h.host.Name(), labels).atLeast(needs[p])
}
