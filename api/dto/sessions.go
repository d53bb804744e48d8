package dto

import "time"

// Credentials are a user's name and password.
type Credentials struct {
	Username string   `json:"username" minLength:"1" example:"gildong"`
	Password Password `json:"password" minLength:"1" format:"password" example:"123123"`
}

// RefreshToken identifies a session.
type RefreshToken struct {
	RefreshToken string `json:"refresh_token" minLength:"1"`
}

// Login is a new session.
type Login struct {
	SessionID             string      `json:"session_id" format:"uuid"`
	AccessToken           string      `json:"access_token"`
	AccessTokenExpiresAt  time.Time   `json:"access_token_expires_at"`
	RefreshToken          string      `json:"refresh_token"`
	RefreshTokenExpiresAt time.Time   `json:"refresh_token_expires_at"`
	User                  SessionUser `json:"user"`
}

// SessionUser is the user inside the answer of /login.
type SessionUser struct {
	Username          string    `json:"username"`
	Email             string    `json:"email"`
	PasswordChangedAt time.Time `json:"password_changed_at"`
	CreatedAt         time.Time `json:"created_at"`
}

// Renewal is a session's new access token.
type Renewal struct {
	AccessToken          string    `json:"access_token"`
	AccessTokenExpiresAt time.Time `json:"access_token_expires_at"`
	// Only with REFRESH_ROTATION=true.
	RefreshToken string `json:"refresh_token,omitempty"`
	// Only with REFRESH_ROTATION=true.
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
}

// Session is a login that hasn't ended.
type Session struct {
	ID         string    `json:"id" format:"uuid"`
	Username   string    `json:"username"`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	// Whether it is the session of this request.
	Current bool `json:"current"`
}

// SessionPage is a page of sessions.
type SessionPage struct {
	Sessions []Session `json:"sessions"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// SessionQuery selects sessions.
type SessionQuery struct {
	PageQuery
	// Sessions of all users, for admins.
	All bool `query:"all"`
}

// SessionsEnded is the number of sessions that were ended.
type SessionsEnded struct {
	Ended int64 `json:"ended" minimum:"0"`
}

// Ticket stands for a session in the URL of an event stream.
type Ticket struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expires_at"`
}

// APIKey is a credential for machines.
type APIKey struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Whether the user's grants with exec also count for the key, unless its role is admin.
	Exec bool `json:"exec,omitempty"`
	// Missing means wharf's own API.
	Scope     string    `json:"scope,omitempty" enum:"docker"`
	CreatedAt time.Time `json:"created_at"`
	// Missing means never.
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	// The secret; only in the answer to its creation.
	Key string `json:"key,omitempty"`
}

// APIKeyPage is a page of API keys.
type APIKeyPage struct {
	Keys []APIKey `json:"keys"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// NewAPIKey is an API key to create.
type NewAPIKey struct {
	Name string `json:"name" minLength:"1" maxLength:"100" example:"ci"`
	// Not above the caller's own role.
	Role Role `json:"role"`
	// Whether the user's grants with exec also count for the key, unless its role is admin.
	Exec bool `json:"exec,omitempty"`
	// docker: the key is valid only for Docker's API below /docker/, and all its calls are forwarded to the engine. Only an admin
	// may create such a key, with the role admin. It gives the rights of root on every host.
	Scope string `json:"scope,omitempty" enum:"docker"`
	// Missing means never.
	ExpiresAt Time `json:"expires_at,omitzero"`
}

// PageStart is the information that the web page needs before login.
type PageStart struct {
	// Whether there is no user yet.
	SetupNeeded bool `json:"setup_needed"`
	// Whether creating the first user requires the setup token from wharf's log.
	SetupToken bool `json:"setup_token"`
	// Role of a caller without credentials; empty if it must log in.
	Anonymous string `json:"anonymous" enum:",none,viewer,operator,admin"`
}

// PageSession is a session of the web page. Its other half is a cookie that is sent to /v1/session/renew only.
type PageSession struct {
	SessionID            string    `json:"session_id" format:"uuid"`
	AccessToken          string    `json:"access_token"`
	AccessTokenExpiresAt time.Time `json:"access_token_expires_at"`
	// Half to keep in the origin's storage; sent back as X-Wharf-Stored.
	Stored    string    `json:"stored"`
	ExpiresAt time.Time `json:"expires_at"`
}
