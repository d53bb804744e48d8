package dto

import "time"

// NewUser is a user to create.
type NewUser struct {
	// Letters, digits, ".", "_" and "-", beginning with a letter or digit; unique regardless of case.
	Username string `json:"username" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" example:"gildong"`
	// At least PASSWORD_MIN bytes, 6 by default.
	Password Password `json:"password" minLength:"1" maxLength:"1024" format:"password" example:"123123"`
	FullName string   `json:"full_name" minLength:"1" maxLength:"200" example:"YunGilDong"`
	// One address; unique regardless of case.
	Email string `json:"email" minLength:"3" maxLength:"254" example:"gildong@email.com"`
	// Only admins may set it.
	Role Role `json:"role,omitempty"`
}

// CreatedUser is the contract's answer to POST /user.
type CreatedUser struct {
	Username string `json:"username"`
	FullName string `json:"full_name"`
	Email    string `json:"email"`
	// In UTC.
	CreatedAt string `json:"created_at" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"`
}

// User is an account.
type User struct {
	Username          string    `json:"username"`
	FullName          string    `json:"full_name"`
	Email             string    `json:"email"`
	Role              Role      `json:"role"`
	Disabled          bool      `json:"disabled"`
	PasswordChangedAt time.Time `json:"password_changed_at"`
	CreatedAt         time.Time `json:"created_at"`
}

// UserPage is a page of users, by name.
type UserPage struct {
	Users []User `json:"users"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// UserChange is a change of a user; missing fields stay unchanged.
type UserChange struct {
	Role     *Role   `json:"role,omitempty"`
	Disabled *bool   `json:"disabled,omitempty"`
	FullName *string `json:"full_name,omitempty" example:"YunGilDong" minLength:"1" maxLength:"200"`
	Email    *string `json:"email,omitempty" example:"gildong@email.com" minLength:"3" maxLength:"254"`
}

// PasswordChange is a user's new password.
type PasswordChange struct {
	// The caller's own old password; admins need none to change another user's.
	OldPassword Password `json:"old_password,omitempty" format:"password"`
	Password    Password `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

// Me is the caller's role and grants.
type Me struct {
	Username string `json:"username"`
	Role     Role   `json:"role"`
	// Missing for an API key and in open mode.
	SessionID string  `json:"session_id,omitempty" format:"uuid"`
	Anonymous bool    `json:"anonymous"`
	Grants    []Grant `json:"grants"`
}
