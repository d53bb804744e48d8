package service

import (
	"path"
	"strings"
)

// rank orders the roles; an unknown role has no rights.
var rank = map[Role]int{RoleNone: 0, RoleViewer: 1, RoleOperator: 2, RoleAdmin: 3}

// needs has the lowest role that a permission requires on a host or container.
var needs = map[Permission]Role{View: RoleViewer, Operate: RoleOperator, OperateHost: RoleOperator, Exec: RoleAdmin, Administer: RoleAdmin}

// Has reports whether the actor has a permission anywhere: View, Operate and Exec on at least one container of one host,
// OperateHost on one whole host, Administer on wharf itself. No grant gives Administer.
func (a Actor) Has(p Permission) bool {
	switch p {
	case Public, Optional:
		return true
	case Self:
		return !a.Anonymous && a.Scope == ""
	case Administer:
		return a.capped(a.Role).atLeast(RoleAdmin)
	case OperateHost:
		return a.best(p, func(g Grant) bool { return g.Labels == "" }).atLeast(needs[p])
	default:
		return a.highestFor(p).atLeast(needs[p])
	}
}

// MayUseEngines reports whether the actor may send any call to the engines of all hosts, which is equivalent to root access
// there. Only an admin may, with an API key of ScopeDocker.
func (a Actor) MayUseEngines() bool {
	return a.Key && a.Scope == ScopeDocker && a.Limit.atLeast(RoleAdmin) && a.Role.atLeast(RoleAdmin)
}

// highest returns the best role that the actor has on anything.
func (a Actor) highest() Role { return a.highestFor(View) }

func (a Actor) highestFor(p Permission) Role {
	return a.best(p, func(Grant) bool { return true })
}

// roleOn returns the actor's role on a container with these labels on a host.
func (a Actor) roleOn(host string, labels map[string]string) Role {
	return a.roleFor(View, host, labels)
}

// roleFor is like roleOn, for one permission: a grant that includes terminals counts as RoleAdmin for Exec.
func (a Actor) roleFor(p Permission, host string, labels map[string]string) Role {
	return a.best(p, func(g Grant) bool { return g.onHost(host) && g.onLabels(labels) })
}

// somewhereOn reports whether the actor has the permission on at least one container that the host has or could have.
func (a Actor) somewhereOn(host string, p Permission) bool {
	if p == OperateHost {
		return a.everywhereOn(host, p)
	}
	return a.best(p, func(g Grant) bool { return g.onHost(host) }).atLeast(needs[p])
}

// everywhereOn reports whether the actor has the permission on every container of the host.
func (a Actor) everywhereOn(host string, p Permission) bool {
	return a.best(p, func(g Grant) bool { return g.onHost(host) && g.Labels == "" }).atLeast(needs[p])
}

// SeesAll reports whether the actor may see every container of every host, present and future. Only such an actor sees data
// about the server as a whole.
func (a Actor) SeesAll() bool {
	return a.best(View, func(g Grant) bool { return g.Hosts == "*" && g.Labels == "" }).atLeast(needs[View])
}

// best returns the actor's highest role for a permission: its own, or that of a grant for which counts returns true. The
// role of the actor's API key caps the result.
func (a Actor) best(p Permission, counts func(Grant) bool) Role {
	best := a.capped(a.Role)
	for _, g := range a.Grants {
		if counts(g) {
			best = higher(best, a.granted(g, p))
		}
	}
	return best
}

// granted returns the role that a grant gives the actor for a permission: RoleAdmin for Exec, if the grant includes
// terminals and the actor's API key, if any, permits them.
func (a Actor) granted(g Grant, p Permission) Role {
	if p == Exec && g.Exec && a.Scope == "" && (!a.LimitsExec || a.Limit.atLeast(RoleAdmin)) {
		return RoleAdmin
	}
	return a.capped(g.Role)
}

func (a Actor) capped(r Role) Role {
	if a.Scope != "" {
		return RoleNone
	}
	if a.Limit != "" && !a.Limit.atLeast(r) {
		return a.Limit
	}
	return r
}

func (r Role) atLeast(other Role) bool { return rank[r] >= rank[other] }

func higher(a, b Role) Role {
	if b.atLeast(a) {
		return b
	}
	return a
}

// onHost reports whether the grant's pattern matches the host's name: * matches any text and ? any character. A malformed
// pattern matches nothing.
func (g Grant) onHost(host string) bool {
	ok, err := path.Match(g.Hosts, host)
	return err == nil && ok
}

// onLabels reports whether the grant's selector matches these labels: each of its terms, "key=value" or "key", must hold.
// An empty selector matches every container.
func (g Grant) onLabels(labels map[string]string) bool {
	if g.Labels == "" {
		return true
	}
	for term := range strings.SplitSeq(g.Labels, ",") {
		key, want, hasValue := strings.Cut(term, "=")
		got, ok := labels[key]
		if !ok || (hasValue && got != want) {
			return false
		}
	}
	return true
}
