package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/stats"
	"wharf/service/recreate"
	"wharf/util/apperr"
)

// Hosts is the only access to the Docker hosts: a host is opened for an actor, and shows only what that actor may see.
type Hosts struct {
	fleet *dockerx.Fleet
	audit *Audit

	logsByOperators bool
	recreations     *recreate.Recreations
}

// NewHosts returns a Hosts for a fleet. Actions on containers, and refusals, are recorded in the audit, which may be nil.
func NewHosts(fleet *dockerx.Fleet, audit *Audit) *Hosts { return &Hosts{fleet: fleet, audit: audit} }

// HostInfo describes a host to every actor that may see it.
type HostInfo struct {
	Name   string
	Addr   string            // without credentials
	Labels map[string]string // from hosts.yaml; must not be changed
}

// List returns the hosts that the actor may see, in the order of the settings.
func (s *Hosts) List(actor Actor) []HostInfo {
	seen := []HostInfo{}
	for _, h := range s.fleet.Hosts() {
		if actor.somewhereOn(h.Name(), View) {
			seen = append(seen, infoFor(actor, h))
		}
	}
	return seen
}

// infoFor returns a host's description for the actor. Labels that look secret are masked, as container labels are.
func infoFor(actor Actor, h *dockerx.Host) HostInfo {
	labels := h.Labels()
	if !actor.Unmasked && !actor.roleOn(h.Name(), nil).atLeast(RoleAdmin) {
		labels = maskMap(labels)
	}
	return HostInfo{Name: h.Name(), Addr: h.Addr(), Labels: labels}
}

// HostStatus is a host with its health.
type HostStatus struct {
	HostInfo
	dockerx.Status
}

// Statuses returns the status of each host that the actor may see and that has all of the labels, "key=value" or "key", in
// the order of the settings. It calls no engine.
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

// Status returns the host's status. It calls no engine. Only actors that may see all containers get their number.
func (h *Host) Status() HostStatus {
	status := HostStatus{infoFor(h.actor, h.host), h.host.Status()}
	if !h.actor.everywhereOn(h.host.Name(), View) {
		status.Containers = nil
	}
	return status
}

// Open returns a host for an actor, for use with a permission, which is checked again on each container. It calls no engine.
// Errors: NotFound for a host that doesn't exist and for one that the actor may not see, with the same message;
// Forbidden if the actor has the permission on no container of the host.
func (s *Hosts) Open(ctx context.Context, actor Actor, name string, need Permission) (*Host, error) {
	h, ok := s.fleet.Host(name)
	switch {
	case !ok || !actor.somewhereOn(name, View):
		return nil, apperr.New(apperr.NotFound, "unknown host")
	case !actor.somewhereOn(name, need):
		return nil, s.Deny(ctx, actor, Intent{Action: ActionRefused, Host: name})
	}
	return &Host{host: h, actor: actor, need: need, audit: s.audit, recreations: s.recreations}, nil
}

// Deny records in the audit that the actor lacks a permission, and returns the Forbidden error for the caller.
func (s *Hosts) Deny(ctx context.Context, actor Actor, in Intent) error {
	err := errForbidden
	if actor.Scope != "" {
		err = errScope
	}
	return errors.Join(err, s.audit.RecordDone(ctx, actor, in, err))
}

// Host is a Docker host as one actor sees it: each method shows and changes only what the actor's role on a container
// allows.
type Host struct {
	host  *dockerx.Host
	actor Actor
	need  Permission
	audit *Audit

	recreations *recreate.Recreations

	partOf string // see PartOf
}

// PartOf returns a copy of the host for the operations of a bulk operation: their audit rows have its id in their target.
func (h *Host) PartOf(bulk uuid.UUID) *Host {
	part := *h
	part.partOf = "operation " + bulk.String()
	return &part
}

// Containers returns the host's containers, running or not, in Docker's order. The list is shared between callers and must
// not be changed.
func (h *Host) Containers(ctx context.Context) (*containers.List, error) {
	list, err := h.host.List(ctx)
	if err != nil || h.actor.everywhereOn(h.host.Name(), View) {
		return list, err
	}
	visible := slices.DeleteFunc(slices.Clone(list.Containers), func(c containers.Container) bool {
		return !h.sees(c.Labels)
	})
	return &containers.List{Containers: visible}, nil
}

// Inspect returns the details of one container, masked as the actor's role on it requires.
func (h *Host) Inspect(ctx context.Context, ref containers.Ref) (*containers.Details, error) {
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

// Usage returns the usage of one container; zeros if it isn't running. If the host has stopped answering, Usage returns the
// last usage as long as it is recent enough.
func (h *Host) Usage(ctx context.Context, ref containers.Ref) (stats.Usage, error) {
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

// UsageAll returns the usage of all containers. The snapshot is shared and must not be changed.
func (h *Host) UsageAll(ctx context.Context) (*stats.Snapshot, error) {
	snap, err := h.host.UsageAll(ctx)
	if err != nil {
		return nil, err
	}
	return h.visible(snap), nil
}

// resolve returns the container that ref names, if the actor has the permission on it.
func (h *Host) resolve(ctx context.Context, ref containers.Ref, need Permission) (*containers.Details, error) {
	if need > h.need {
		return nil, fmt.Errorf("host opened with permission %d, used with %d", h.need, need)
	}
	id, err := h.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	d, err := h.host.Resolve(ctx, id)
	if id != ref && apperr.KindOf(err) == apperr.NotFound { // removed since the list was read
		return nil, containers.ErrNoContainer(ref)
	}
	if err != nil {
		return nil, err
	}
	if !h.sees(d.Config.Labels) {
		return nil, containers.ErrNoContainer(ref)
	}
	if !h.may(need, d.Config.Labels) {
		return nil, errForbidden
	}
	return d, nil
}

// find resolves a reference among the containers that the actor may see. It uses only the list and doesn't call the engine:
// so a hidden container and a missing one give the same answer in the same time, and neither makes another's id prefix
// ambiguous. If the actor may see all containers of the host, find returns ref, and the engine resolves it.
func (h *Host) find(ctx context.Context, ref containers.Ref) (containers.Ref, error) {
	if h.actor.everywhereOn(h.host.Name(), View) {
		return ref, nil
	}
	list, err := h.Containers(ctx)
	if err != nil {
		return containers.Ref{}, err
	}
	c, err := containers.Find(list.Containers, ref)
	if err != nil {
		return containers.Ref{}, err
	}
	return c.Ref(), nil
}

var (
	errForbidden = apperr.New(apperr.Forbidden, "not allowed")
	errScope     = apperr.New(apperr.Forbidden, "this key is for Docker's API below /docker/ alone")
)

func (h *Host) sees(labels map[string]string) bool { return h.may(View, labels) }

func (h *Host) may(p Permission, labels map[string]string) bool {
	return h.actor.roleFor(p, h.host.Name(), labels).atLeast(needs[p])
}
