package dockerx

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
	"wharf/dockerx/images"
	"wharf/util/apperr"
)

const (
	// stockMaxAge is how long lists of images, volumes and networks are cached if no event reports a change: Podman sends no
	// event for some changes.
	stockMaxAge = 5 * time.Second
	// usesMaxAge is the same for Uses. It is longer, since all engines send the events of containers; only Podman sends none
	// when a container joins or leaves a network.
	usesMaxAge = 15 * time.Second
	// removalTimeout is the deadline of a removal, for which the engine deletes files.
	removalTimeout = 2 * time.Minute
)

// stock caches the host's images, volumes and networks, and which of them its containers use.
type stock struct {
	images   cached[images.Rows]
	volumes  cached[images.Volumes]
	networks cached[images.Networks]
	uses     cached[images.Uses]
	last     struct {
		images   images.LastAnswer[images.Rows]
		volumes  images.LastAnswer[images.Volumes]
		networks images.LastAnswer[images.Networks]
		uses     images.LastAnswer[images.Uses]
	}
}

func newStock() stock {
	return stock{
		images: cached[images.Rows]{maxAge: stockMaxAge}, volumes: cached[images.Volumes]{maxAge: stockMaxAge},
		networks: cached[images.Networks]{maxAge: stockMaxAge}, uses: cached[images.Uses]{maxAge: usesMaxAge},
	}
}

// onEvent drops the lists that an event invalidates.
func (s *stock) onEvent(e events.Event) {
	all := e.Kind != events.KindDocker && e.Kind != events.KindState
	if all || e.Type == "image" {
		s.images.drop()
	}
	if all || e.Type == "volume" {
		s.volumes.drop()
	}
	if all || e.Type == "network" {
		s.networks.drop()
	}
	if all || e.Type == "network" || changesList(e) {
		s.uses.drop()
	}
}

// ListImages returns the host's images. Errors: apperr.Unavailable, Daemon.
func (h *Host) ListImages(ctx context.Context) (*images.Rows, error) {
	return h.stock.images.get(ctx, h, func(ctx context.Context) (*images.Rows, error) {
		return readStock(ctx, h, "list images", engine.Reads.ImageList, h.stock.last.images.Decoder(images.DecodeRows))
	})
}

// ListVolumes returns the host's volumes. Errors: those of ListImages.
func (h *Host) ListVolumes(ctx context.Context) (*images.Volumes, error) {
	return h.stock.volumes.get(ctx, h, func(ctx context.Context) (*images.Volumes, error) {
		return readStock(ctx, h, "list volumes", engine.Reads.VolumeList, h.stock.last.volumes.Decoder(images.DecodeVolumes))
	})
}

// ListNetworks returns the host's networks. Errors: those of ListImages.
func (h *Host) ListNetworks(ctx context.Context) (*images.Networks, error) {
	return h.stock.networks.get(ctx, h, func(ctx context.Context) (*images.Networks, error) {
		return readStock(ctx, h, "list networks", engine.Reads.NetworkList, h.stock.last.networks.Decoder(images.DecodeNetworks))
	})
}

// Uses returns the images, volumes and networks that the host's containers use. Errors: those of ListImages.
func (h *Host) Uses(ctx context.Context) (*images.Uses, error) {
	return h.stock.uses.get(ctx, h, h.FreshUses)
}

// FreshUses is Uses without the cache.
func (h *Host) FreshUses(ctx context.Context) (*images.Uses, error) {
	return readStock(ctx, h, "list what containers use", engine.Reads.ContainerList, h.stock.last.uses.Decoder(images.DecodeUses))
}

// readStock reads and decodes a list.
func readStock[T any](ctx context.Context, h *Host, doing string, ask func(engine.Reads, context.Context) (io.ReadCloser, error), decode func(io.Reader) (*T, error)) (*T, error) {
	return call(ctx, h, doing, h.readLimit, func(ctx context.Context, e engine.Reads) (*T, error) {
		body, err := ask(e, ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = body.Close() }()
		list, err := decode(body)
		if err != nil {
			return nil, &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("%s: %w", doing, err)}
		}
		return list, connect.Finish(body)
	})
}

// Sizes asks the engine for the sizes on disk of everything it has, which may take minutes. They are never cached. Podman's
// answer fails if a container is removed meanwhile; it is asked again, five times in all. Errors: those of ListImages.
func (h *Host) Sizes(ctx context.Context) (sizes images.Sizes, err error) {
	for range 5 {
		if sizes, err = h.readSizes(ctx); apperr.KindOf(err) != apperr.Daemon || !strings.Contains(err.Error(), "no such container") {
			break
		}
	}
	return sizes, err
}

func (h *Host) readSizes(ctx context.Context) (images.Sizes, error) {
	return call(ctx, h, "add up sizes", max(sizeTimeout, h.readLimit), func(ctx context.Context, e engine.Reads) (images.Sizes, error) {
		body, err := e.Sizes(ctx)
		if err != nil {
			return images.Sizes{}, err
		}
		defer func() { _ = body.Close() }()
		sizes, err := images.DecodeSizes(body)
		if err != nil {
			return images.Sizes{}, &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("read the sizes: %w", err)}
		}
		return sizes, nil
	})
}

// RemoveImage removes an image by its id or one of its names, unless a container uses it. Errors: apperr.NotFound, Conflict
// (with the engine's message), Invalid, Unavailable, Daemon.
func (h *Host) RemoveImage(ctx context.Context, name string) error {
	if err := images.CheckName(name); err != nil {
		return err
	}
	defer h.stock.images.drop()
	return change(ctx, h, "remove image", removalTimeout, func(ctx context.Context, e engine.Changes) error {
		_, err := e.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true})
		return err
	})
}

// RemoveVolume removes a volume and its data, unless a container uses it. Errors: those of RemoveImage.
func (h *Host) RemoveVolume(ctx context.Context, name string) error {
	if !engine.IsName(name) {
		return apperr.New(apperr.Invalid, "volume: not a name")
	}
	defer h.stock.volumes.drop()
	return change(ctx, h, "remove volume", removalTimeout, func(ctx context.Context, e engine.Changes) error {
		return e.VolumeRemove(ctx, name, false)
	})
}

// RemoveNetwork removes a network, unless a running container is connected to it. Errors: those of RemoveImage.
func (h *Host) RemoveNetwork(ctx context.Context, id string) error {
	if !engine.IsName(id) {
		return apperr.New(apperr.Invalid, "network: not an id or a name")
	}
	defer h.stock.networks.drop()
	return change(ctx, h, "remove network", removalTimeout, func(ctx context.Context, e engine.Changes) error {
		err := e.NetworkRemove(ctx, id)
		switch {
		case err == nil:
		case strings.Contains(err.Error(), "has active endpoints"):
			return apperr.Wrap(apperr.Conflict, err, "the network is in use by a container that runs")
		case strings.Contains(err.Error(), "pre-defined"):
			return apperr.Wrap(apperr.Conflict, err, "the network is the engine's own")
		}
		return err
	})
}
