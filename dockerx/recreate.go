package dockerx

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/operations"
	"wharf/dockerx/recreate"
	"wharf/util/apperr"
)

// Blueprint describes a container that is to be created again from a new image: the container and its present image.
type Blueprint struct {
	container, image json.RawMessage

	// RestartPolicy is the container's, in the form that an update takes.
	RestartPolicy string
	platform      string
}

// Successor is a container that can be created from a blueprint.
type Successor struct {
	Labels map[string]string // of the new container
	Health bool              // whether it will have a health check
	spec   recreate.Spec
}

// Blueprint reads the blueprint of a container. Errors: those of Inspect; Conflict, with the reason, for a container that
// can't be created again.
func (h *Host) Blueprint(ctx context.Context, d *containers.Details) (*Blueprint, error) {
	return call(ctx, h, "inspect container and image", h.readLimit, func(ctx context.Context, e engine.Reads) (*Blueprint, error) {
		v, err := e.ServerVersion(ctx)
		if err != nil {
			return nil, err
		}
		if isPodman(v) {
			return nil, errPodman
		}
		raw, err := e.RawContainer(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		if err := recreate.Check(raw); err != nil {
			return nil, err
		}
		if err := refuseSharers(ctx, e, d); err != nil {
			return nil, err
		}
		image, err := e.RawImage(ctx, d.Image)
		if err != nil {
			return nil, asConflict(err, "the image that the container was created from is gone, so that its settings can't be told from the container's own")
		}
		b := &Blueprint{container: raw, image: image}
		if b.RestartPolicy, err = recreate.RestartPolicy(raw); err != nil {
			return nil, err
		}
		b.platform, err = recreate.Platform(image)
		return b, err
	})
}

// Platform returns the platform of the container's image, for example "linux/arm64".
func (b *Blueprint) Platform() string { return b.platform }

// Successor returns a container to create from a blueprint and an image that the engine has. Errors: Conflict if the engine
// has no image of that name, or one for another platform.
func (h *Host) Successor(ctx context.Context, b *Blueprint, image string) (*Successor, error) {
	return call(ctx, h, "inspect image", h.readLimit, func(ctx context.Context, e engine.Reads) (*Successor, error) {
		raw, err := e.RawImage(ctx, image)
		if err != nil {
			return nil, asConflict(err, "the host has no image "+image)
		}
		spec, err := recreate.Make(recreate.Source{
			Container: b.container, OldImage: b.image, NewImage: raw, Image: image, EndpointMACs: recreate.EndpointMACs(e.ClientVersion()),
		})
		if err != nil {
			return nil, &connect.FaultError{Kind: connect.FaultProtocol, Err: err}
		}
		if spec.Platform != b.platform {
			return nil, apperr.New(apperr.Conflict, "the image is for %s, the container runs one for %s", spec.Platform, b.platform)
		}
		return &Successor{Labels: spec.Labels, Health: spec.Health, spec: spec}, nil
	})
}

// Create creates a successor with this name and connects it to its networks; it doesn't start it. If connecting fails, both
// the new container's id and an error are returned. Errors: the engine's.
func (h *Host) Create(ctx context.Context, s *Successor, name string) (id string, err error) {
	err = change(ctx, h, "create a container", operations.CreateTimeout, func(ctx context.Context, e engine.Changes) (err error) {
		if id, err = e.ContainerCreate(ctx, name, s.spec.Body); err != nil {
			return err
		}
		if s.spec.Disconnect != "" {
			if err := e.NetworkDisconnect(ctx, s.spec.Disconnect, id, false); err != nil {
				return err
			}
		}
		for _, n := range s.spec.Networks {
			if err := e.NetworkConnect(ctx, n.Network, id, n.Body); err != nil {
				return err
			}
		}
		return nil
	})
	h.lists.drop()
	return id, err
}

// errPodman refuses Podman's containers: what Podman reports through Docker's API is not what it accepts for a new container.
// Networks, fixed addresses, limits and devices differ.
var errPodman = apperr.New(apperr.Conflict, "Podman doesn't show all that a container was made with, so that none can be made like it")

func isPodman(v types.Version) bool {
	return slices.ContainsFunc(v.Components, func(c types.ComponentVersion) bool { return strings.Contains(c.Name, "Podman") })
}

// refuseSharers returns an error for a container whose network other containers share: they would lose it.
func refuseSharers(ctx context.Context, e engine.Reads, d *containers.Details) error {
	body, err := e.ContainerList(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	var rows []struct {
		Names      []string
		HostConfig struct{ NetworkMode string }
	}
	if err := json.NewDecoder(body).Decode(&rows); err != nil {
		return fmt.Errorf("decode the list of containers: %w", err)
	}
	var sharers []string
	for _, r := range rows {
		if of, shared := strings.CutPrefix(r.HostConfig.NetworkMode, "container:"); shared && (of == d.ID || "/"+of == d.Name) && len(r.Names) > 0 {
			sharers = append(sharers, strings.TrimPrefix(r.Names[0], "/"))
		}
	}
	if len(sharers) > 0 {
		return apperr.New(apperr.Conflict, "its network is also that of %s, which would lose it", strings.Join(sharers, ", "))
	}
	return nil
}

// asConflict turns the engine's NotFound into a Conflict with this message: what is missing is not the container.
func asConflict(err error, message string) error {
	if kind, ok := engineKind(err); ok && kind == apperr.NotFound {
		return apperr.Wrap(apperr.Conflict, err, "%s (%s)", message, engineWords(err))
	}
	return err
}
