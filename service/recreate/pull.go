package recreate

import (
	"context"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/images"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// imageOf returns the name of the new container's image: the one that is asked for, else the old container's, or its image's
// id where that isn't usable as a name.
func imageOf(d *containers.Details, p operations.Recreate) string {
	switch {
	case p.Image != "":
		return p.Image
	case images.CheckName(d.ImageName) == nil:
		return d.ImageName
	}
	return d.Image
}

// pull has a host pull an image for the machine that the old one is for.
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
