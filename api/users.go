package api

import (
	"net/http"

	"github.com/google/uuid"

	"wharf/api/dto"
	"wharf/service"
	"wharf/util/apperr"
)

// createdAtLayout is the contract's format of a user's created_at, in UTC.
const createdAtLayout = "2006-01-02 15:04:05"

func (s *Server) createUser(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.NewUser) error {
	var by *service.Actor
	if !actor.Anonymous {
		by = &actor
	}
	u, err := s.create(r, by, in)
	if err != nil {
		return err
	}
	return respondData(w, dto.CreatedUser{
		Username: u.Username, FullName: u.FullName, Email: u.Email,
		CreatedAt: u.CreatedAt.UTC().Format(createdAtLayout),
	})
}

// create creates the user that a body describes; by is nil for a caller without credentials.
func (s *Server) create(r *http.Request, by *service.Actor, in dto.NewUser) (service.User, error) {
	err := required(param{"username", in.Username}, param{"password", string(in.Password)},
		param{"full_name", in.FullName}, param{"email", in.Email})
	if err != nil {
		return service.User{}, err
	}
	return s.users.Create(r.Context(), by, service.NewUser{
		Username: in.Username, Password: string(in.Password), FullName: in.FullName, Email: in.Email, Role: service.Role(in.Role),
	}, r.Header.Get("X-Setup-Token"))
}

func rowOfUser(u service.User) dto.User {
	return dto.User{
		Username: u.Username, FullName: u.FullName, Email: u.Email, Role: dto.Role(u.Role), Disabled: u.Disabled,
		PasswordChangedAt: u.PasswordChangedAt, CreatedAt: u.CreatedAt,
	}
}

func (s *Server) listUsers(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.PageQuery) error {
	users, next, err := s.users.Page(r.Context(), actor, pageOf(q))
	if err != nil {
		return err
	}
	return respondData(w, dto.UserPage{Users: rowsOf(users, rowOfUser), Cursor: next})
}

func (s *Server) getUser(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	u, err := s.users.Get(r.Context(), actor, pathParam(r, "username"))
	if err != nil {
		return err
	}
	return respondData(w, rowOfUser(u))
}

// addUser answers POST /v1/users, which is for admins and shows the whole user.
func (s *Server) addUser(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.NewUser) error {
	u, err := s.create(r, &actor, in)
	if err != nil {
		return err
	}
	return respondData(w, rowOfUser(u))
}

func (s *Server) updateUser(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.UserChange) error {
	if in == (dto.UserChange{}) {
		return apperr.New(apperr.Invalid, "nothing to change: send role, disabled, full_name or email")
	}
	u, err := s.users.Update(r.Context(), actor, pathParam(r, "username"), service.UserChange{
		Role: (*service.Role)(in.Role), Disabled: in.Disabled, FullName: in.FullName, Email: in.Email,
	})
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

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.PasswordChange) error {
	if err := required(param{"password", string(in.Password)}); err != nil {
		return err
	}
	err := s.users.ChangePassword(r.Context(), actor, pathParam(r, "username"), string(in.OldPassword), string(in.Password))
	if err != nil {
		return err
	}
	return respondData(w, "password changed")
}

// whoAmI answers GET /v1/me with the caller's role and grants.
func (s *Server) whoAmI(w http.ResponseWriter, _ *http.Request, actor service.Actor) error {
	out := dto.Me{Username: actor.Username, Role: dto.Role(actor.Role), Anonymous: actor.Anonymous, Grants: rowsOf(actor.Grants, rowOfGrant)}
	if !actor.Key && !actor.Anonymous {
		out.SessionID = actor.SessionID.String()
	}
	return respondData(w, out)
}

// rowsOf converts each element to its row; the result is never nil.
func rowsOf[T, R any](all []T, row func(T) R) []R {
	rows := make([]R, len(all))
	for i, one := range all {
		rows[i] = row(one)
	}
	return rows
}

// pageOf returns the page that a list's parameters request.
func pageOf(q dto.PageQuery) service.Page { return service.Page{Cursor: q.Cursor, Limit: q.Limit} }

// pathID reads an {id} that is a UUID. Errors: Invalid.
func pathID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(pathParam(r, "id"))
	if err != nil {
		return id, apperr.New(apperr.Invalid, "id: expected a UUID")
	}
	return id, nil
}
