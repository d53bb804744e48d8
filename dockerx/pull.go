package dockerx

import (
	"context"
	"fmt"
	"io"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/dockerx/images"
)

// maxPullOpen is how long an engine may take to begin a pull's answer. It says nothing before the registry has answered; how
// long that may take, the Puller says.
const maxPullOpen = 10 * time.Minute

// Pull has the engine pull an image, or joins the pull of it that is under way; see images.Puller.Pull.
func (h *Host) Pull(ctx context.Context, r images.Ref, platform string, report func(images.Progress)) (images.Pulled, error) {
	return h.puller.Pull(ctx, r, platform, report)
}

// Image returns what a name or an id of an image means at the engine. Errors: apperr.NotFound, Unavailable, Daemon.
func (h *Host) Image(ctx context.Context, name string) (images.Image, error) {
	if err := images.CheckName(name); err != nil {
		return images.Image{}, err
	}
	return call(ctx, h, "inspect image", h.readLimit, func(ctx context.Context, e engine.Reads) (images.Image, error) {
		raw, err := e.ImageInspect(ctx, name)
		if err != nil {
			return images.Image{}, err
		}
		if !images.IsID(raw.ID) {
			return images.Image{}, &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("an image has no proper id: %.80q", raw.ID)}
		}
		return images.Image{
			ID: raw.ID, Platform: platformOf(raw.Os, raw.Architecture, raw.Variant), Tags: append([]string{}, raw.RepoTags...), Digests: append([]string{}, raw.RepoDigests...),
		}, nil
	})
}

func platformOf(system, architecture, variant string) string {
	p := system + "/" + architecture
	if variant != "" {
		p += "/" + variant
	}
	return p
}

// pullEngine is a host for its Puller.
type pullEngine struct{ h *Host }

func (p pullEngine) OpenPull(ctx context.Context, r images.Ref, platform, auth string) (io.ReadCloser, error) {
	return open(ctx, p.h, "pull "+r.String(), maxPullOpen, func(ctx context.Context, e engine.Follows) (io.ReadCloser, error) {
		return e.ImagePull(ctx, r, platform, auth)
	})
}

func (p pullEngine) Image(ctx context.Context, name string) (images.Image, error) {
	return p.h.Image(ctx, name)
}

func (p pullEngine) Platform(ctx context.Context) (string, error) {
	return call(ctx, p.h, "ask for the platform", p.h.readLimit, func(ctx context.Context, e engine.Reads) (string, error) {
		v, err := e.ServerVersion(ctx)
		return platformOf(v.Os, v.Arch, ""), err
	})
}

func (p pullEngine) Tag(ctx context.Context, id string, r images.Ref) error {
	if r.Pinned() {
		return nil // a digest means the same image forever
	}
	return change(ctx, p.h, "tag image", p.h.readLimit, func(ctx context.Context, e engine.Changes) error {
		return e.ImageTag(ctx, id, r.String())
	})
}

func (p pullEngine) Remove(ctx context.Context, name string) error {
	return p.h.RemoveImage(ctx, name)
}
