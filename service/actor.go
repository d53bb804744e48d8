// Package service holds wharf's policy: users, sessions, permissions and the audit of actions. It is the only user of
// package db, and the only way to a Docker host.
package service

import (
	"github.com/google/uuid"
)

// Role is a set of rights on hosts and containers.
type Role string

// The roles, each with all rights of the ones before it.
const (
	RoleNone     Role = "none"     // only what the grants give
	RoleViewer   Role = "viewer"   // list, inspect (masked), stats, events
	RoleOperator Role = "operator" // also start, stop and the like
	RoleAdmin    Role = "admin"    // also users, grants, audit; sees secrets
)

// Scope is the API that a key is for. Empty means wharf's own API.
type Scope string

// ScopeDocker is for Docker's API: calls are forwarded to the engine unchanged.
const ScopeDocker Scope = "docker"

// Permission is a right that a route requires of its caller.
type Permission uint8

// The permissions.
const (
	// Public requires nothing; credentials aren't read.
	Public Permission = iota
	// Optional requires nothing, but credentials that are sent must be valid.
	Optional
	// Self requires a session of any role.
	Self
	// View requires RoleViewer on some container.
	View
	// Operate requires RoleOperator on the container.
	Operate
	// OperateHost requires RoleOperator on the whole host. It is for objects that belong to no single container.
	OperateHost
	// Exec requires RoleAdmin on the container, or a grant that includes terminals: a terminal bypasses masking and
	// has root rights if the container has them.
	Exec
	// Administer requires RoleAdmin.
	Administer
)

// Actor is the authenticated caller, with role and grants.
type Actor struct {
	UserID    uuid.UUID
	Username  string
	Role      Role      // on every host; grants may add to it
	SessionID uuid.UUID // or the API key's, if Key
	// Grants add to Role on the hosts and containers that they name.
	Grants []Grant
	// Key is true for a caller with an API key.
	Key bool
	// Limit, if set, caps all rights: it is the role that an API key was made with.
	Limit Role
	// LimitsExec is true if Limit also caps grants that include terminals: the API key wasn't made for terminals.
	LimitsExec bool
	// Scope, if set, is the only use of the API key, whatever its role.
	Scope Scope
	// Anonymous is true for the tokenless caller of AUTH_MODE=open.
	Anonymous bool
	// Unmasked lets the actor see values that look secret, whatever its role.
	Unmasked bool
	// rights is the version of Role and Grants when the session or key was read. It is set if hasRights is true.
	rights    int64
	hasRights bool
}
