package service

import (
	"path"
	"strings"
)

// rank orders the roles; an unknown role has no rights.
var rank = map[Role]int{RoleNone: 0, RoleViewer: 1, RoleOperator: 2, RoleAdmin: 3}

// needs is the least role that a permission asks for on a host or container.
var needs = map[Permission]Role{View: RoleViewer, Operate: RoleOperator, OperateHost: RoleOperator, Exec: RoleAdmin, Administer: RoleAdmin}

// Has reports whether the actor has a permission at all: View and Operate on some container of
// some host, Administer over wharf itself, which no grant gives.
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

// MayUseEngines reports whether the actor may use the engines of all hosts as it likes, which is to be root there: admins
// with a key of ScopeDocker, which they made for that.
func (a Actor) MayUseEngines() bool {
	return a.Key && a.Scope == ScopeDocker && a.Limit.atLeast(RoleAdmin) && a.Role.atLeast(RoleAdmin)
}

// highest returns the best role that the actor has on anything.
func (a Actor) highest() Role { return a.highestFor(View) }

func (a Actor) highestFor(p Permission) Role {
	return a.best(p, func(Grant) bool { return true })
}

// roleOn returns what the actor may do with a container of a host that has these labels.
func (a Actor) roleOn(host string, labels map[string]string) Role {
	return a.roleFor(View, host, labels)
}

// roleFor is roleOn as it counts for one permission.
func (a Actor) roleFor(p Permission, host string, labels map[string]string) Role {
	return a.best(p, func(g Grant) bool { return g.onHost(host) && g.onLabels(labels) })
}

// somewhereOn reports whether the actor has the permission on some container of the host, real
// or possible.
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

// SeesAll reports whether the actor may see every container of every host, also of hosts to come, and with that what concerns
// the server as a whole.
func (a Actor) SeesAll() bool {
	return a.best(View, func(g Grant) bool { return g.Hosts == "*" && g.Labels == "" }).atLeast(needs[View])
}

// best returns the best of the actor's role and of what the grants that count give for a permission, up to its key's role.
func (a Actor) best(p Permission, counts func(Grant) bool) Role {
	best := a.capped(a.Role)
	for _, g := range a.Grants {
		if counts(g) {
			best = higher(best, a.granted(g, p))
		}
	}
	return best
}

// granted returns the role that a grant gives the actor for a permission: that of an admin for Exec, if the grant says so
// and the actor's key was made for that.
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

// onHost reports whether the grant's pattern matches the host's name: * stands for any text and ? for any character. A
// malformed pattern matches nothing.
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
