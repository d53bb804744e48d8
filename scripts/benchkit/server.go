package benchkit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Password is the password of every user that a Server creates.
const Password = "a-password-of-the-benchmark"

// Server is a wharf process, and a client of it. Its methods are safe for concurrent use unless they say otherwise.
type Server struct {
	*Process
	Admin string // the first user's access token; empty until Bootstrap

	t      testing.TB
	client *http.Client
}

// Serve waits until a process is ready. Requests use the transport, whose idle connections are closed when the test ends.
func Serve(t testing.TB, p *Process, transport http.RoundTripper) *Server {
	t.Helper()
	s := &Server{Process: p, t: t, client: &http.Client{Transport: transport}}
	t.Cleanup(s.client.CloseIdleConnections)
	require.Eventually(t, func() bool { return s.Call("GET", "/readyz", "", nil).Status == http.StatusOK }, time.Minute, 5*time.Millisecond)
	return s
}

// Through returns the same server with another transport, whose idle connections are closed when the test ends.
func (s *Server) Through(transport http.RoundTripper) *Server {
	as := *s
	as.client = &http.Client{Transport: transport}
	s.t.Cleanup(as.client.CloseIdleConnections)
	return &as
}

// Do makes a request without changing it.
func (s *Server) Do(r *http.Request) (*http.Response, error) { return s.client.Do(r) }

// Bootstrap creates the first user, admin, and logs it in.
func (s *Server) Bootstrap() *Server {
	s.t.Helper()
	s.SignUp("admin", "")
	s.Admin = s.Login("admin").AccessToken
	return s
}

// SignUp creates a user with a role.
func (s *Server) SignUp(name, role string) {
	s.t.Helper()
	s.Must("POST", "/user", map[string]string{
		"username": name, "password": Password, "full_name": name, "email": name + "@email.com", "role": role,
	}, nil)
}

// Person creates a user with a role, logs it in and returns its access token.
func (s *Server) Person(name, role string) string {
	s.t.Helper()
	s.SignUp(name, role)
	return s.Login(name).AccessToken
}

// Tokens are the tokens of a session.
type Tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// Login begins a session of a user.
func (s *Server) Login(name string) (l Tokens) {
	s.t.Helper()
	a := s.Call("POST", "/login", "", map[string]string{"username": name, "password": Password})
	require.Equal(s.t, http.StatusOK, a.Status, "%s", a.Body)
	require.NoError(s.t, json.Unmarshal(a.Body, &l))
	return l
}

// Must makes a call as the admin that must succeed. It decodes the answer's data into into, unless that is nil.
func (s *Server) Must(method, path string, body, into any) {
	s.t.Helper()
	a := s.Call(method, path, s.Admin, body)
	require.Equal(s.t, http.StatusOK, a.Status, "%s %s: %s", method, path, a.Body)
	if into != nil {
		require.NoError(s.t, json.Unmarshal(a.Body, &struct {
			Data any `json:"data"`
		}{into}))
	}
}

// Answer is the result of a call.
type Answer struct {
	Status int // 0: no answer, and Body is the error's text
	Header http.Header
	Body   []byte
}

// Call makes a request with body as JSON, nil for none, and with a bearer token unless it is "".
func (s *Server) Call(method, path, token string, body any, edits ...func(*http.Request)) Answer {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, s.URL()+path, in)
	if err != nil {
		panic(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, edit := range edits {
		edit(r)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return Answer{Body: []byte(err.Error())}
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{Body: []byte(err.Error())}
	}
	return Answer{resp.StatusCode, resp.Header, out}
}
