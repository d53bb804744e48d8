package recreate

import (
	"context"

	"wharf/dockerx"
	"wharf/util/apperr"
)

// pull has a host pull an image.
func pull(context.Context, *dockerx.Host, string, string) error {
	return apperr.New(apperr.Conflict, "not yet")
}
