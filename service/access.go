package service

// rank orders the roles; an unknown role has no rights.
var rank = map[Role]int{RoleNone: 0, RoleViewer: 1, RoleOperator: 2, RoleAdmin: 3}

// needs is the least role that a permission asks for on a host or container.
var needs = map[Permission]Role{View: RoleViewer, Operate: RoleOperator, Administer: RoleAdmin}

// Has tells whether the actor has a permission that isn't about one host.
func (a Actor) Has(p Permission) bool {
	switch p {
	case Public:
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

// seesHost tells whether anything of the host may be shown to the actor.
func (a Actor) seesHost(_ string) bool {
	return a.Role.atLeast(RoleViewer)
}

// seesAllOf tells whether every container of the host may be shown to the actor.
func (a Actor) seesAllOf(_ string) bool {
	return a.Role.atLeast(RoleViewer)
}

func (r Role) atLeast(other Role) bool { return rank[r] >= rank[other] }
