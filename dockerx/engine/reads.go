package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/registry"

	"wharf/dockerx/connect"
	"wharf/dockerx/images"
	"wharf/dockerx/wire"
	"wharf/util/apperr"
)

// Alive pings the engine and returns its time, truncated to the second (zero: unknown).
func (e *engine) Alive(ctx context.Context) (time.Time, error) {
	resp, err := e.transport.Open(ctx, connect.Request{Path: "/_ping", Limit: connect.Bytes(maxBody)})
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return connect.EngineTime(resp), connect.Finish(resp.Body)
}

// ContainerList asks for the list without Docker's client, which would decode all rows completely into memory.
func (e *engine) ContainerList(ctx context.Context) (io.ReadCloser, error) {
	return e.list(ctx, "/containers/json", url.Values{"all": {"1"}})
}

// ContainerRows asks for the list for Docker's tools: all containers or only the running ones, with or without their sizes
// on disk, which take the engine long.
func (e *engine) ContainerRows(ctx context.Context, all, size bool) (io.ReadCloser, error) {
	query := url.Values{"all": {strconv.FormatBool(all)}, "size": {strconv.FormatBool(size)}}
	return e.list(ctx, "/containers/json", query)
}

// ContainerWire inspects one container, for Docker's tools.
func (e *engine) ContainerWire(ctx context.Context, id string, size bool) (*wire.Container, error) {
	path, err := containerPath(id, "/json")
	if err != nil {
		return nil, err
	}
	query := url.Values{"size": {strconv.FormatBool(size)}}
	c, err := readJSON[wire.Container](ctx, e, connect.Request{Path: path, Query: query, Limit: connect.Bytes(maxBody)})
	return &c, err
}

// ImageRows asks for the list of images, for Docker's tools.
func (e *engine) ImageRows(ctx context.Context, all bool) ([]wire.Image, error) {
	query := url.Values{"all": {strconv.FormatBool(all)}}
	resp, err := e.open(ctx, connect.Request{Path: "/images/json", Query: query, Limit: connect.Bytes(maxBody)})
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	images := []wire.Image{}
	if err := EachRow(resp.Body, func(i *wire.Image) error { images = append(images, *i); return nil }); err != nil {
		return nil, &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("read the images: %w", err)}
	}
	return images, nil
}

// InfoWire asks the engine about itself, for Docker's tools.
func (e *engine) InfoWire(ctx context.Context) (wire.Info, error) {
	return readJSON[wire.Info](ctx, e, connect.Request{Path: "/info", Limit: connect.Bytes(maxBody)})
}

// RawContainer inspects a container without Docker's client, which drops the fields that it doesn't know.
func (e *engine) RawContainer(ctx context.Context, id string) ([]byte, error) {
	path, err := containerPath(id, "/json")
	if err != nil {
		return nil, err
	}
	return e.read(ctx, connect.Request{Path: path})
}

// RawImage inspects an image without Docker's client, for the same reason as RawContainer.
func (e *engine) RawImage(ctx context.Context, name string) ([]byte, error) {
	if err := images.CheckName(name); err != nil {
		return nil, err
	}
	return e.read(ctx, connect.Request{Path: "/images/" + name + "/json"})
}

func (e *engine) ImageList(ctx context.Context) (io.ReadCloser, error) {
	return e.list(ctx, "/images/json", nil)
}

func (e *engine) VolumeList(ctx context.Context) (io.ReadCloser, error) {
	return e.list(ctx, "/volumes", nil)
}

func (e *engine) NetworkList(ctx context.Context) (io.ReadCloser, error) {
	return e.list(ctx, "/networks", nil)
}

func (e *engine) Sizes(ctx context.Context) (io.ReadCloser, error) {
	return e.list(ctx, "/system/df", nil)
}

func (e *engine) list(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	return e.body(ctx, connect.Request{Path: path, Query: query, Limit: connect.Bytes(MaxList)})
}

// DistributionInspect makes the engine ask a registry. A refusal doesn't affect the host's health: a 401 is the registry's,
// not the engine's.
func (e *engine) DistributionInspect(ctx context.Context, name, auth string) (registry.DistributionInspect, error) {
	ctx, status := connect.WithStatus(ctx)
	d, err := e.Client.DistributionInspect(ctx, name, auth)
	switch {
	case err == nil:
		return d, nil
	case status.Load() == http.StatusNotFound && !strings.Contains(err.Error(), "manifest") && !strings.Contains(err.Error(), "denied"):
		return d, apperr.Wrap(apperr.Daemon, images.ErrUnsupported, "this engine can't ask registries")
	case status.Load() >= http.StatusBadRequest && !connect.IsVersionRefusal(err.Error()):
		var fault *connect.FaultError
		if errors.As(err, &fault) {
			return d, err
		}
		return d, apperr.Wrap(apperr.Daemon, images.Refused(name, err.Error()), "the registry can't be asked")
	}
	return d, err
}
