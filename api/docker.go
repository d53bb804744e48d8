package api

import (
	"net/http"
	"strings"

	"wharf/api/dockerapi"
	"wharf/api/edge"
	"wharf/dockerx"
	"wharf/service"
)

// newDocker returns the handler of Docker's own API below /docker/{host}. That API has its own route table and isn't part of
// openapi.json: Docker documents it, and docs/docker-tools.md lists the subset that wharf serves.
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

// withDocker passes requests for Docker's API to docker, and all others to next.
func (s *Server) withDocker(docker, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, dockerapi.Prefix) {
			next.ServeHTTP(w, r)
			return
		}
		docker.ServeHTTP(w, r.WithContext(service.WithClient(r.Context(), clientOf(r))))
	})
}

// authenticateDocker is authenticate without the cookie: Docker's tools send none, and a web page must not reach an engine with it.
func (s *Server) authenticateDocker(r *http.Request, need service.Permission) (service.Actor, error) {
	r.Header.Del("Cookie")
	return s.authenticate(r, route{need: need})
}

// dockerFailure is the body of an error in the shape of Docker's API.
type dockerFailure struct {
	Message string `json:"message"`
}

// respondDockerError is respondError in the shape of Docker's API. It removes ErrorPrefix: Docker's tools add their own prefix.
func respondDockerError(w http.ResponseWriter, r *http.Request, err error) {
	respondFailure(w, r, err, func(message string) any { return dockerFailure{strings.TrimPrefix(message, dockerx.ErrorPrefix)} })
}

// respondUnrouted answers a request that no route has answered with an error, in the shape of the API to which its path belongs.
func respondUnrouted(w http.ResponseWriter, r *http.Request, err error) {
	if strings.HasPrefix(r.URL.Path, dockerapi.Prefix) {
		respondDockerError(w, r, err)
		return
	}
	respondError(w, r, err)
}
