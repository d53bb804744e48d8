package dockerx

import (
	"context"
	"strings"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/images"
)

// registryTimeout is for a question that an engine passes on to a registry.
const registryTimeout = 15 * time.Second

// RegistryDigest returns what a name of an image means in its registry, which the engine asks; see images.Digests.Get.
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

// ConfigImage returns the name of the image that a container of the list was created with. The list shows an id instead once
// the name means another image.
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

// isShortID reports whether a text is how engines write the id of an image that has no name any more.
func isShortID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789abcdef") == ""
}
