package dto

import "time"

// PageQuery selects a page of a list.
type PageQuery struct {
	// Cursor from the page before; missing for the first page.
	Cursor string `query:"cursor"`
	// Maximum number of rows in the page.
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

// Grant adds a role on the hosts whose names match. With labels it counts only for the containers that have them.
type Grant struct {
	ID       string `json:"id" format:"uuid"`
	Username string `json:"username,omitempty"`
	// Host name, or a pattern such as prod-*.
	Hosts string `json:"hosts"`
	// Label selector such as team=web; empty means all containers.
	Labels string `json:"labels"`
	Role   Role   `json:"role"`
	// Whether it includes terminals: see docs/security.md.
	Exec      bool      `json:"exec"`
	CreatedBy string    `json:"created_by,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// GrantPage is a page of grants.
type GrantPage struct {
	Grants []Grant `json:"grants"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// GrantQuery selects grants.
type GrantQuery struct {
	PageQuery
	// Only grants of this user.
	Username string `query:"username"`
}

// NewGrant is a grant to create.
type NewGrant struct {
	Username string `json:"username" minLength:"1" example:"hong"`
	// Host name, or a pattern such as prod-*.
	Hosts string `json:"hosts" minLength:"1" example:"prod-*"`
	// Label selector such as team=web; empty means all containers.
	Labels string `json:"labels,omitempty" example:"team=web"`
	Role   Role   `json:"role"`
	// Include terminals, whatever the role. Terminals bypass masking, and have the rights of root if the container runs as root.
	Exec bool `json:"exec,omitempty"`
}

// AuditEntry is an action that a caller requested, performed or refused.
type AuditEntry struct {
	ID string    `json:"id" format:"uuid"`
	At time.Time `json:"at"`
	// Missing while the action is under way.
	FinishedAt    time.Time `json:"finished_at,omitzero"`
	User          string    `json:"user"`
	Address       string    `json:"address"`
	RequestID     string    `json:"request_id"`
	Action        string    `json:"action" example:"container.stop"`
	Host          string    `json:"host"`
	ContainerID   string    `json:"container_id"`
	ContainerName string    `json:"container_name"`
	Target        string    `json:"target"`
	// unknown: the server ended during the action.
	Outcome    string `json:"outcome" enum:"pending,ok,refused,failed,unknown"`
	Detail     string `json:"detail"`
	DurationMS int64  `json:"duration_ms"`
	// Number of equal refusals that the entry stands for.
	Times int64 `json:"times" minimum:"1"`
}

// AuditPage is a page of the audit, newest first.
type AuditPage struct {
	Audit []AuditEntry `json:"audit"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// AuditQuery selects entries of the audit.
type AuditQuery struct {
	PageQuery
	User string `query:"user"`
	Host string `query:"host"`
	// Name of a container, or prefix of its id.
	Container string `query:"container"`
	// Action, such as container.stop or login.
	Action  string `query:"action"`
	Outcome string `query:"outcome" enum:"pending,ok,refused,failed,unknown"`
	// Beginning: a time, or a duration before now.
	Since time.Time `query:"since"`
	// End: a time, or a duration before now.
	Until time.Time `query:"until"`
}
