package engine

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/docker/docker/api"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"wharf/dockerx/connect"
)

// minAPIVersion is the oldest API version that wharf supports: Docker 19.03.
const minAPIVersion = "1.40"

var apiVersionPattern = regexp.MustCompile(`^1\.[0-9]{1,3}$`)

// engine implements API by Docker's client for one API version and by wharf's own requests. To negotiate again, another
// engine is made: the client itself can only lower its version, with a data race with its requests.
type engine struct {
	*client.Client
	transport *connect.Transport
}

// newEngine returns an engine for an API version; with "" it can only ping.
func newEngine(t *connect.Transport, version string) (*engine, error) {
	c, err := client.NewClientWithOpts(
		client.WithHost("tcp://"+t.Authority()),
		client.WithHTTPClient(&http.Client{Transport: t, CheckRedirect: connect.RefuseRedirect}),
		client.WithScheme(t.Scheme()),
		client.WithVersion(version),
		client.WithUserAgent(connect.UserAgent),
	)
	if err != nil {
		return nil, fmt.Errorf("make a docker client: %w", err)
	}
	return &engine{Client: c, transport: t}, nil
}

// Negotiate finds the newest API version that both sides support. It returns an API that uses it, and the newest version of
// the engine. Errors: those of the transport, and a connect.FaultError if the server is no engine or too old.
func Negotiate(ctx context.Context, t *connect.Transport) (bound API, newest string, err error) {
	probe, err := newEngine(t, "")
	if err != nil {
		return nil, "", err
	}
	ping, err := probe.Ping(ctx)
	if err != nil {
		return nil, "", err
	}
	switch {
	case !apiVersionPattern.MatchString(ping.APIVersion):
		return nil, "", &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("ping answered without an API version: this is no Docker engine")}
	case versions.LessThan(ping.APIVersion, minAPIVersion):
		return nil, "", &connect.FaultError{Kind: connect.FaultVersion, Err: fmt.Errorf("the engine speaks API %s, wharf needs %s or later", ping.APIVersion, minAPIVersion)}
	}
	version := ping.APIVersion
	if versions.GreaterThan(version, api.DefaultVersion) {
		version = api.DefaultVersion
	}
	e, err := newEngine(t, version)
	if err != nil {
		return nil, "", err
	}
	return e, ping.APIVersion, nil
}
