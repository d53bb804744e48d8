package service

// rank orders the roles; an unknown role has no rights.
var rank = map[Role]int{RoleNone: 0, RoleViewer: 1, RoleOperator: 2, RoleAdmin: 3}

// needs is the least role that a permission asks for on a host or container.
var needs = map[Permission]Role{View: RoleViewer, Operate: RoleOperator, Administer: RoleAdmin}

// Has tells whether the actor has a permission that isn't about one host.
func (a Actor) Has(p Permission) bool {
	switch p {
	case Public, Optional:
		return true
	case Self:
		return !a.Anonymous
	default:
		return a.Role.atLeast(needs[p])
	}
}

// roleOn is what the actor may do with a container of a host that has these labels.
func (a Actor) roleOn(_ string, _ map[string]string) Role {
	return a.Role
}

// somewhereOn tells whether the actor has the permission on some container of the host, real
// or possible.
func (a Actor) somewhereOn(_ string, p Permission) bool {
	return a.Role.atLeast(needs[p])
}

// everywhereOn tells whether the actor has the permission on every container of the host.
func (a Actor) everywhereOn(_ string, p Permission) bool {
	return a.Role.atLeast(needs[p])
}

func (r Role) atLeast(other Role) bool { return rank[r] >= rank[other] }
