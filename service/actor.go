// Package service holds wharf's policy: who may do what, and what is remembered of it.
// It is the only user of package db, and the only door to a Docker host.
package service

import (
	"github.com/google/uuid"
)

// Role is what a user may do on the hosts and containers that a grant names.
type Role string

// The roles, each with all rights of the ones before it.
const (
	RoleNone     Role = "none"     // only what its grants say
	RoleViewer   Role = "viewer"   // list, inspect (masked), stats, events
	RoleOperator Role = "operator" // also start, stop and the like
	RoleAdmin    Role = "admin"    // also users, grants, audit; sees secrets
)

// Permission is what a route asks of its caller.
type Permission uint8

// The permissions.
const (
	// Public asks for nothing; credentials aren't looked at.
	Public Permission = iota
	// Optional asks for nothing, but credentials that are sent must be good.
	Optional
	// Self asks for a session, whatever its role.
	Self
	// View asks for RoleViewer somewhere.
	View
	// Operate asks for RoleOperator on the container.
	Operate
	// Exec asks for RoleAdmin on the container, or for a grant there that says so: a terminal defeats masking, and is
	// root where the container is.
	Exec
	// Administer asks for RoleAdmin.
	Administer
)

// Actor is on whose behalf something is done.
type Actor struct {
	UserID    uuid.UUID
	Username  string
	Role      Role      // on every host; grants may add to it
	SessionID uuid.UUID // or the API key's, if Key
	// Grants add to Role on the hosts and containers that they name.
	Grants []Grant
	// Key is true for a machine that sent an API key.
	Key bool
	// Limit, if set, caps all rights: what an API key was made for.
	Limit Role
	// Anonymous is true for the tokenless caller of AUTH_MODE=open.
	Anonymous bool
	// Unmasked lets the actor see values that look secret whatever its role.
	Unmasked bool
}
