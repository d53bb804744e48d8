package recreate

import (
	"context"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/images"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// imageOf returns the image for the new container: the requested one, else the name in the old container, or its image's id if
// that name isn't valid.
func imageOf(d *containers.Details, p operations.Recreate) string {
	switch {
	case p.Image != "":
		return p.Image
	case images.CheckName(d.ImageName) == nil:
		return d.ImageName
	}
	return d.Image
}

// pull pulls an image to a host, for the platform of the old container.
func pull(ctx context.Context, h *dockerx.Host, image, platform string) error {
	if images.IsID(image) {
		return apperr.New(apperr.Conflict, "the container names its image by an id, which no registry knows")
	}
	ref, err := images.ParseRef(image)
	if err != nil {
		return err
	}
	_, err = h.Pull(ctx, ref, platform, nil)
	return err
}
