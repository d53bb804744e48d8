package dto

import "time"

// PageQuery is what every list takes.
type PageQuery struct {
	// Where the page begins: the cursor of the page before it.
	Cursor string `query:"cursor"`
	// The most rows of the page.
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

// Grant adds a role on the hosts whose names match and, with labels, on the containers that have them.
type Grant struct {
	ID       string `json:"id" format:"uuid"`
	Username string `json:"username,omitempty"`
	// A name, or a pattern such as prod-*.
	Hosts string `json:"hosts"`
	// A selector such as team=web; empty means all containers.
	Labels string `json:"labels"`
	Role   Role   `json:"role"`
	// Terminals too: see docs/security.md.
	Exec      bool      `json:"exec"`
	CreatedBy string    `json:"created_by,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// GrantPage is a page of grants.
type GrantPage struct {
	Grants []Grant `json:"grants"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// GrantQuery selects grants.
type GrantQuery struct {
	PageQuery
	// Those of one user.
	Username string `query:"username"`
}

// NewGrant is a grant to be added.
type NewGrant struct {
	Username string `json:"username" minLength:"1" example:"hong"`
	// A name, or a pattern such as prod-*.
	Hosts string `json:"hosts" minLength:"1" example:"prod-*"`
	// A selector such as team=web; empty means all containers.
	Labels string `json:"labels,omitempty" example:"team=web"`
	Role   Role   `json:"role"`
	// Terminals too, whatever the role: they defeat masking, and are root where the container is.
	Exec bool `json:"exec,omitempty"`
}

// AuditEntry is something that a caller had wharf do, or was refused.
type AuditEntry struct {
	ID string    `json:"id" format:"uuid"`
	At time.Time `json:"at"`
	// Missing while under way.
	FinishedAt    time.Time `json:"finished_at,omitzero"`
	User          string    `json:"user"`
	Address       string    `json:"address"`
	RequestID     string    `json:"request_id"`
	Action        string    `json:"action" example:"container.stop"`
	Host          string    `json:"host"`
	ContainerID   string    `json:"container_id"`
	ContainerName string    `json:"container_name"`
	Target        string    `json:"target"`
	// unknown: the server ended during it.
	Outcome    string `json:"outcome" enum:"pending,ok,refused,failed,unknown"`
	Detail     string `json:"detail"`
	DurationMS int64  `json:"duration_ms"`
	// How many equal refusals the row stands for.
	Times int64 `json:"times" minimum:"1"`
}

// AuditPage is a page of the audit, the newest first.
type AuditPage struct {
	Audit []AuditEntry `json:"audit"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// AuditQuery selects entries of the audit.
type AuditQuery struct {
	PageQuery
	User string `query:"user"`
	Host string `query:"host"`
	// A name, or the beginning of an id.
	Container string `query:"container"`
	// For example container.stop or login.
	Action  string `query:"action"`
	Outcome string `query:"outcome" enum:"pending,ok,refused,failed,unknown"`
	// A time, or how long ago.
	Since time.Time `query:"since"`
	// A time, or how long ago.
	Until time.Time `query:"until"`
}
