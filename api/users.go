package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/service"
)

// createdAtLayout is the contract's text for a user's created_at, in UTC.
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

// create makes the user that a body describes; by is nil for a caller without credentials.
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
