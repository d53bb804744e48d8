package dockerx

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/images"
)

// maxPullOpen is how long an engine may take to begin its answer to a pull. It sends nothing before the registry has
// answered; the Puller has the real limit.
const maxPullOpen = 10 * time.Minute

// Pull makes the engine pull an image, or joins a pull of the image that is in progress; see images.Puller.Pull.
func (h *Host) Pull(ctx context.Context, r images.Ref, platform string, report func(images.Progress)) (images.Pulled, error) {
	return h.puller.Pull(ctx, r, platform, report)
}

// Image returns the engine's image with this name or id. Errors: apperr.Invalid, NotFound, Unavailable, Daemon.
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

// pullEngine implements the interface that images.Puller needs of a host.
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
		return nil // a digest always names the same image
	}
	return change(ctx, p.h, "tag image", p.h.readLimit, func(ctx context.Context, e engine.Changes) error {
		return e.ImageTag(ctx, id, r.String())
	})
}

func (p pullEngine) Remove(ctx context.Context, name string) error {
	return p.h.RemoveImage(ctx, name)
}

// registryTimeout is the deadline of a request that the engine forwards to a registry.
const registryTimeout = 15 * time.Second

// RegistryDigest returns the digest of an image's name in its registry, which the engine asks; see images.Digests.Get.
func (h *Host) RegistryDigest(ctx context.Context, r images.Ref) (images.DigestAnswer, error) {
	return h.opts.digests.Get(ctx, h.life, h.name, r, h.spawn, func(ctx context.Context) (string, error) {
		auth, err := h.opts.Registries.For(r.Registry())
		if err != nil {
			return "", &images.FailureError{Reason: images.ReasonDenied, Words: err.Error()}
		}
		return call(ctx, h, "ask for a digest of "+r.String(), max(registryTimeout, h.readLimit), func(ctx context.Context, e engine.Reads) (string, error) {
			d, err := e.DistributionInspect(ctx, r.String(), auth.Header)
			return string(d.Descriptor.Digest), err
		})
	})
}

// ConfigImage returns the image name that a container of the list was created with. It inspects the container if the list
// shows an id instead, as it does once the name refers to another image.
func (h *Host) ConfigImage(ctx context.Context, row containers.Container) (string, error) {
	if _, err := images.ParseRef(row.Image); err == nil && !strings.HasPrefix(row.Image, "sha256:") && !isShortID(row.Image) {
		return row.Image, nil
	}
	return call(ctx, h, "inspect container", h.readLimit, func(ctx context.Context, e engine.Reads) (string, error) {
		raw, err := e.ContainerInspect(ctx, row.ID)
		if err != nil || raw.Config == nil {
			return "", err
		}
		return raw.Config.Image, nil
	})
}

// isShortID reports whether s looks like the short id that engines show for an image that has no name any more.
func isShortID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789abcdef") == ""
}
