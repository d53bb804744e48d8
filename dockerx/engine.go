package dockerx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/docker/docker/api"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"wharf/dockerx/logs"
)

// Engine is the calls of Docker's client that are in use, and no more, so that a test can put
// an engine there that hangs, lies or breaks off. ContainerStart and ContainerStop return
// errNotModified where the daemon says 304.
type Engine interface {
	// Alive pings, and returns the daemon's time, cut to the second (zero: unknown).
	Alive(ctx context.Context) (time.Time, error)
	Info(ctx context.Context) (system.Info, error)
	// ContainerList is the answer's body, all containers in it, for the caller to read and close.
	ContainerList(ctx context.Context) (io.ReadCloser, error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	ContainerStart(ctx context.Context, id string, options container.StartOptions) error
	ContainerStop(ctx context.Context, id string, options container.StopOptions) error
	ContainerRestart(ctx context.Context, id string, options container.StopOptions) error
	ContainerPause(ctx context.Context, id string) error
	ContainerUnpause(ctx context.Context, id string) error
	ContainerKill(ctx context.Context, id, signal string) error
	// ContainerStats is the answer's body: one sample, or with stream one a second without end.
	ContainerStats(ctx context.Context, id string, stream bool) (io.ReadCloser, error)
	// ContainerLogs is the answer's body, for the caller to read and to close.
	ContainerLogs(ctx context.Context, id string, q logs.Query) (io.ReadCloser, error)
	// Events is the open stream, for the caller to read line by line and to close, and the
	// daemon's time, cut to the second (zero: unknown). A since that isn't zero replays from there
	// on, inclusive.
	Events(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error)
	// ClientVersion is the API version in use, as "1.41".
	ClientVersion() string
}

// minAPIVersion is the oldest API that wharf speaks: Docker 19.03.
const minAPIVersion = "1.40"

const userAgent = "wharf"

// engine is Docker's client bound to one API version. Negotiating means making another one: the
// client itself only ever goes down, and races with its own requests while it does.
type engine struct {
	*client.Client
	transport *transport
}

// newEngine makes a client for a version; "" for one that can only ping.
func newEngine(t *transport, version string) (*engine, error) {
	c, err := client.NewClientWithOpts(
		client.WithHost("tcp://"+t.authority),
		client.WithHTTPClient(&http.Client{Transport: t, CheckRedirect: refuseRedirect}),
		client.WithScheme(t.scheme),
		client.WithVersion(version),
		client.WithUserAgent(userAgent),
	)
	if err != nil {
		return nil, fmt.Errorf("make a docker client: %w", err)
	}
	return &engine{Client: c, transport: t}, nil
}

// negotiate picks the newest API version that both sides speak.
func negotiate(ctx context.Context, t *transport) (*engine, types.Ping, error) {
	probe, err := newEngine(t, "")
	if err != nil {
		return nil, types.Ping{}, err
	}
	ping, err := probe.Ping(ctx)
	if err != nil {
		return nil, ping, err
	}
	switch {
	case !apiVersionPattern.MatchString(ping.APIVersion):
		return nil, ping, &fault{FaultProtocol, fmt.Errorf("ping answered without an API version: this is no Docker daemon")}
	case versions.LessThan(ping.APIVersion, minAPIVersion):
		return nil, ping, &fault{FaultVersion, fmt.Errorf("the daemon speaks API %s, wharf needs %s or later", ping.APIVersion, minAPIVersion)}
	}
	version := ping.APIVersion
	if versions.GreaterThan(version, api.DefaultVersion) {
		version = api.DefaultVersion
	}
	e, err := newEngine(t, version)
	return e, ping, err
}

type statusKey struct{}

// seeStatus lets the caller learn the status of the answer to the request made with the context.
func seeStatus(ctx context.Context) (context.Context, *atomic.Int32) {
	status := new(atomic.Int32)
	return context.WithValue(ctx, statusKey{}, status), status
}

func notModified(err error, status *atomic.Int32) error {
	if err == nil && status.Load() == http.StatusNotModified {
		return errNotModified
	}
	return err
}

func (e *engine) ContainerStart(ctx context.Context, id string, options container.StartOptions) error {
	ctx, status := seeStatus(ctx)
	return notModified(e.Client.ContainerStart(ctx, id, options), status)
}

func (e *engine) ContainerStop(ctx context.Context, id string, options container.StopOptions) error {
	ctx, status := seeStatus(ctx)
	return notModified(e.Client.ContainerStop(ctx, id, options), status)
}
