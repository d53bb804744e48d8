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

// minAPIVersion is the oldest API that wharf speaks: Docker 19.03.
const minAPIVersion = "1.40"

var apiVersionPattern = regexp.MustCompile(`^1\.[0-9]{1,3}$`)

// engine is Docker's client bound to one API version, and wharf's own requests beside it. Negotiating
// means making another one: the client itself only ever goes down, and races with its own requests while it does.
type engine struct {
	*client.Client
	transport *connect.Transport
}

// newEngine makes a client for a version; "" for one that can only ping.
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

// Negotiate picks the newest API version that both sides speak, and returns the calls in it, and the engine's own newest
// version. Errors: those of the transport, and a connect.FaultError for what is no engine or too old a one.
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
