package dto

import "time"

// Credentials are a user's name and password.
type Credentials struct {
	Username string   `json:"username" minLength:"1" example:"gildong"`
	Password Password `json:"password" minLength:"1" format:"password" example:"123123"`
}

// RefreshToken names a session.
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
	// With REFRESH_ROTATION=true alone.
	RefreshToken string `json:"refresh_token,omitempty"`
	// With REFRESH_ROTATION=true alone.
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
	// Whether it is the one that asks.
	Current bool `json:"current"`
}

// SessionPage is a page of sessions.
type SessionPage struct {
	Sessions []Session `json:"sessions"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// SessionQuery selects sessions.
type SessionQuery struct {
	PageQuery
	// Those of all users, for admins.
	All bool `query:"all"`
}

// SessionsEnded counts sessions.
type SessionsEnded struct {
	Ended int64 `json:"ended" minimum:"0"`
}

// Ticket stands for a session in the address of its event stream.
type Ticket struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expires_at"`
}

// APIKey is a credential for machines.
type APIKey struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Whether its user's grants that say exec count for it, where its role isn't admin.
	Exec bool `json:"exec,omitempty"`
	// Missing: wharf's own API.
	Scope     string    `json:"scope,omitempty" enum:"docker"`
	CreatedAt time.Time `json:"created_at"`
	// Missing: never.
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	// The secret itself, in the answer that creates it alone.
	Key string `json:"key,omitempty"`
}

// APIKeyPage is a page of API keys.
type APIKeyPage struct {
	Keys []APIKey `json:"keys"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// NewAPIKey is an API key to be created.
type NewAPIKey struct {
	Name string `json:"name" minLength:"1" maxLength:"100" example:"ci"`
	// Not above one's own.
	Role Role `json:"role"`
	// Whether grants that say exec count for the key too, where its role isn't admin.
	Exec bool `json:"exec,omitempty"`
	// docker: the key is good for Docker's API below /docker/ alone, all of which is passed on to the engine. Admins alone
	// make one, with the role admin. It is worth root on every host.
	Scope string `json:"scope,omitempty" enum:"docker"`
	// Missing: never.
	ExpiresAt Time `json:"expires_at,omitzero"`
}

// PageStart is what a page has to know before anybody has logged in.
type PageStart struct {
	// There is no user yet.
	SetupNeeded bool `json:"setup_needed"`
	// The first user takes the setup token from wharf's log.
	SetupToken bool `json:"setup_token"`
	// The role of this caller without credentials; empty: it has to log in.
	Anonymous string `json:"anonymous" enum:",none,viewer,operator,admin"`
}

// PageSession is what a page lives on. Its other half is a cookie that goes to /v1/session/renew alone.
type PageSession struct {
	SessionID            string    `json:"session_id" format:"uuid"`
	AccessToken          string    `json:"access_token"`
	AccessTokenExpiresAt time.Time `json:"access_token_expires_at"`
	// For the origin's storage; goes back as X-Wharf-Stored.
	Stored    string    `json:"stored"`
	ExpiresAt time.Time `json:"expires_at"`
}
