package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/connect"
	"wharf/util/apperr"
)

func notModified(err error, status *atomic.Int32) error {
	if err == nil && status.Load() == http.StatusNotModified {
		return connect.ErrNotModified
	}
	return err
}

func (e *engine) ContainerStart(ctx context.Context, id string, options container.StartOptions) error {
	ctx, status := connect.WithStatus(ctx)
	return notModified(e.Client.ContainerStart(ctx, id, options), status)
}

func (e *engine) ContainerStop(ctx context.Context, id string, options container.StopOptions) error {
	ctx, status := connect.WithStatus(ctx)
	return notModified(e.Client.ContainerStop(ctx, id, options), status)
}

// ContainerUpdate changes a container's limits. As at a container's creation, the engine's warnings are dropped: they are about
// limits that its kernel doesn't support. Podman 4 doesn't have this call: its 404 means the path, not the container.
func (e *engine) ContainerUpdate(ctx context.Context, id string, config container.UpdateConfig) error {
	_, err := e.Client.ContainerUpdate(ctx, id, config)
	if errdefs.IsNotFound(err) && !strings.Contains(err.Error(), "container") {
		return apperr.Wrap(apperr.Conflict, err, "this engine can't change the limits of a container")
	}
	return err
}

// ContainerCreate sends body itself: it comes from an answer to an inspect, and may have fields that Docker's client doesn't
// know.
func (e *engine) ContainerCreate(ctx context.Context, name string, body []byte) (string, error) {
	answer, err := e.send(ctx, "/containers/create", url.Values{"name": {name}}, body)
	if err != nil {
		return "", err
	}
	var created struct{ ID string }
	if err := json.Unmarshal(answer, &created); err != nil || !IsID(created.ID) {
		return "", &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("a creation answered without a proper id")}
	}
	return created.ID, nil
}

// NetworkConnect checks network, which comes from an engine's answer, before it becomes part of the path.
func (e *engine) NetworkConnect(ctx context.Context, network, id string, endpoint []byte) error {
	if !IsName(network) {
		return fmt.Errorf("%.80q is no name of a network", network)
	}
	body, err := json.Marshal(struct {
		Container      string
		EndpointConfig json.RawMessage
	}{id, endpoint})
	if err != nil {
		return fmt.Errorf("encode an endpoint: %w", err)
	}
	_, err = e.send(ctx, "/networks/"+network+"/connect", nil, body)
	return err
}
