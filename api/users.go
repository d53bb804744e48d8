package api

import (
	"net/http"
	"time"

	"wharf/service"
)

// createdAtLayout is the contract's text for a user's created_at, in UTC.
const createdAtLayout = "2006-01-02 15:04:05"

type newUser struct {
	Username string     `json:"username"`
	Password secretText `json:"password"`
	FullName string     `json:"full_name"`
	Email    string     `json:"email"`
	Role     string     `json:"role"` // admins alone may choose it
}

type userCreated struct {
	Username  string `json:"username"`
	FullName  string `json:"full_name"`
	Email     string `json:"email"`
	CreatedAt string `json:"created_at"`
}

func (s *Server) createUser(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	var by *service.Actor
	if !actor.Anonymous {
		by = &actor
	}
	u, err := s.readAndCreate(w, r, by)
	if err != nil {
		return err
	}
	return respondData(w, userCreated{
		Username: u.Username, FullName: u.FullName, Email: u.Email,
		CreatedAt: u.CreatedAt.UTC().Format(createdAtLayout),
	})
}

// readAndCreate makes the user that the body describes; by is nil where nobody showed who they are.
func (s *Server) readAndCreate(w http.ResponseWriter, r *http.Request, by *service.Actor) (service.User, error) {
	var in newUser
	if err := decode(w, r, &in); err != nil {
		return service.User{}, err
	}
	err := required(param{"username", in.Username}, param{"password", string(in.Password)},
		param{"full_name", in.FullName}, param{"email", in.Email})
	if err != nil {
		return service.User{}, err
	}
	return s.users.Create(r.Context(), by, service.NewUser{
		Username: in.Username, Password: string(in.Password), FullName: in.FullName, Email: in.Email, Role: service.Role(in.Role),
	}, r.Header.Get("X-Setup-Token"))
}

// sessionUser is the user inside the answer of /login.
type sessionUser struct {
	Username          string    `json:"username"`
	Email             string    `json:"email"`
	PasswordChangedAt time.Time `json:"password_changed_at"`
	CreatedAt         time.Time `json:"created_at"`
}
