package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"wharf/service"
	"wharf/util/apperr"
)

type userRow struct {
	Username          string    `json:"username"`
	FullName          string    `json:"full_name"`
	Email             string    `json:"email"`
	Role              string    `json:"role"`
	Disabled          bool      `json:"disabled"`
	PasswordChangedAt time.Time `json:"password_changed_at"`
	CreatedAt         time.Time `json:"created_at"`
}

func rowOfUser(u service.User) userRow {
	return userRow{
		Username: u.Username, FullName: u.FullName, Email: u.Email, Role: string(u.Role), Disabled: u.Disabled,
		PasswordChangedAt: u.PasswordChangedAt, CreatedAt: u.CreatedAt,
	}
}

type usersPage struct {
	Users  []userRow `json:"users"`
	Cursor string    `json:"cursor"`
}

func (s *Server) listUsers(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	p := q.page()
	if err := q.err(); err != nil {
		return err
	}
	users, next, err := s.users.Page(r.Context(), actor, p)
	if err != nil {
		return err
	}
	return respondData(w, usersPage{rowsOf(users, rowOfUser), next})
}

func (s *Server) getUser(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	u, err := s.users.Get(r.Context(), actor, pathParam(r, "username"))
	if err != nil {
		return err
	}
	return respondData(w, rowOfUser(u))
}

// addUser answers POST /v1/users, which is for admins and shows the whole user.
func (s *Server) addUser(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	u, err := s.readAndCreate(w, r, &actor)
	if err != nil {
		return err
	}
	return respondData(w, rowOfUser(u))
}

type userChange struct {
	Role     *service.Role `json:"role"`
	Disabled *bool         `json:"disabled"`
	FullName *string       `json:"full_name"`
	Email    *string       `json:"email"`
}

func (s *Server) updateUser(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	var in userChange
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in == (userChange{}) {
		return apperr.New(apperr.Invalid, "nothing to change: send role, disabled, full_name or email")
	}
	u, err := s.users.Update(r.Context(), actor, pathParam(r, "username"), service.UserChange(in))
	if err != nil {
		return err
	}
	return respondData(w, rowOfUser(u))
}

func (s *Server) deleteUser(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	if err := s.users.Delete(r.Context(), actor, pathParam(r, "username")); err != nil {
		return err
	}
	return respondData(w, "deleted")
}

type passwordChange struct {
	OldPassword secretText `json:"old_password"` // of oneself; an admin needs none for others
	Password    secretText `json:"password"`
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	var in passwordChange
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required(param{"password", string(in.Password)}); err != nil {
		return err
	}
	err := s.users.ChangePassword(r.Context(), actor, pathParam(r, "username"), string(in.OldPassword), string(in.Password))
	if err != nil {
		return err
	}
	return respondData(w, "password changed")
}

type me struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	// SessionID is empty for an API key.
	SessionID string     `json:"session_id,omitempty"`
	Anonymous bool       `json:"anonymous"`
	Grants    []grantRow `json:"grants"`
}

// whoAmI answers GET /v1/me: what the caller may do.
func (s *Server) whoAmI(w http.ResponseWriter, _ *http.Request, actor service.Actor) error {
	out := me{Username: actor.Username, Role: string(actor.Role), Anonymous: actor.Anonymous, Grants: rowsOf(actor.Grants, rowOfGrant)}
	if !actor.Key && !actor.Anonymous {
		out.SessionID = actor.SessionID.String()
	}
	return respondData(w, out)
}

// rowsOf turns each element into its row; the result is never nil.
func rowsOf[T, R any](all []T, row func(T) R) []R {
	rows := make([]R, len(all))
	for i, one := range all {
		rows[i] = row(one)
	}
	return rows
}

// page reads the parameters that every list has.
func (q *query) page() service.Page {
	return service.Page{Cursor: q.text("cursor"), Limit: q.number("limit", 100, 1, 500)}
}

// pathID reads an {id} that is a UUID. Errors: Invalid.
func pathID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(pathParam(r, "id"))
	if err != nil {
		return id, apperr.New(apperr.Invalid, "id: expected a UUID")
	}
	return id, nil
}
