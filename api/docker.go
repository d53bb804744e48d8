package api

import (
	"net/http"
	"strings"

	"wharf/api/dockerapi"
	"wharf/api/edge"
	"wharf/dockerx"
	"wharf/service"
)

// newDocker makes what answers Docker's own API below /docker/{host}. It has a table of its own, and isn't in openapi.json:
// Docker documents it, and docs/docker-tools.md what wharf has of it.
func (s *Server) newDocker(o Options) *dockerapi.API {
	return dockerapi.New(dockerapi.Options{
		Hosts: o.Hosts, Events: o.Events, Terminals: o.Terminals, Streams: s.streams, Stream: s.streamOptions, Stall: s.stall,
		Authenticate: s.authenticateDocker, Past: s.past.Enter, Fail: respondDockerError,
		Named: func(r *http.Request, pattern string, actor service.Actor) {
			info := edge.InfoOf(r)
			info.User = actor.Username
			info.Found(dockerapi.Prefix + "{host}" + pattern)
		},
	})
}

// withDocker leads requests of Docker's API past the router.
func (s *Server) withDocker(docker, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, dockerapi.Prefix) {
			next.ServeHTTP(w, r)
			return
		}
		docker.ServeHTTP(w, r.WithContext(service.WithClient(r.Context(), clientOf(r))))
	})
}

// authenticateDocker is authenticate without the cookie: Docker's tools send none, and a page must not reach an engine by it.
func (s *Server) authenticateDocker(r *http.Request, need service.Permission) (service.Actor, error) {
	r.Header.Del("Cookie")
	return s.authenticate(r, route{need: need})
}

// dockerFailure is an error in the shape of Docker's API.
type dockerFailure struct {
	Message string `json:"message"`
}

// respondDockerError is respondError in the shape of Docker's API. Docker's tools put words of their own before the message.
func respondDockerError(w http.ResponseWriter, r *http.Request, err error) {
	respondFailure(w, r, err, func(message string) any { return dockerFailure{strings.TrimPrefix(message, dockerx.ErrorPrefix)} })
}

// respondUnrouted answers an error to a request that no route has answered, in the shape of the API that its path belongs to.
func respondUnrouted(w http.ResponseWriter, r *http.Request, err error) {
	if strings.HasPrefix(r.URL.Path, dockerapi.Prefix) {
		respondDockerError(w, r, err)
		return
	}
	respondError(w, r, err)
}
