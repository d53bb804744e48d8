package service

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"wharf/dockerx/images"
	"wharf/util/apperr"
)

// The audited actions on images, volumes and networks.
const (
	ActionImagePull     = "image.pull"
	ActionImageRemove   = "image.remove"
	ActionVolumeRemove  = "volume.remove"
	ActionNetworkRemove = "network.remove"
)

// RemoveImage removes an image that no container uses, by its id or one of its names. Of an image with several names, only
// that name is removed. The host must have been opened with OperateHost, as for the other methods in this file. Errors:
// NotFound, Conflict (in use), Invalid.
func (h *Host) RemoveImage(ctx context.Context, name string) error {
	return h.changeStock(ctx, ActionImageRemove, name, func(ctx context.Context) error { return h.host.RemoveImage(ctx, name) })
}

// RemoveVolume removes a volume that no container uses, with its data. Errors: those of RemoveImage.
func (h *Host) RemoveVolume(ctx context.Context, name string) error {
	return h.changeStock(ctx, ActionVolumeRemove, name, func(ctx context.Context) error { return h.host.RemoveVolume(ctx, name) })
}

// RemoveNetwork removes a network that no container uses, by its id or name. Errors: those of RemoveImage.
func (h *Host) RemoveNetwork(ctx context.Context, id string) error {
	return h.changeStock(ctx, ActionNetworkRemove, id, func(ctx context.Context) error {
		list, err := h.host.ListNetworks(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list.Networks, func(n images.Network) bool { return n.ID == id || n.Name == id })
		if at < 0 {
			return apperr.New(apperr.NotFound, "no such network")
		}
		network := &list.Networks[at]
		uses, err := h.host.FreshUses(ctx) // the engine itself checks only running containers
		if err != nil {
			return err
		}
		for _, c := range uses.Containers {
			if slices.Contains(c.Networks, network.Name) || slices.Contains(c.Networks, network.ID) {
				return apperr.New(apperr.Conflict, "the network is in use by container %s", c.Name)
			}
		}
		return h.host.RemoveNetwork(ctx, network.ID)
	})
}

// PullImage pulls an image to the host; see dockerx.Host.Pull.
func (h *Host) PullImage(ctx context.Context, r images.Ref, platform string, report func(images.Progress)) (pulled images.Pulled, err error) {
	err = h.changeStock(ctx, ActionImagePull, r.String(), func(ctx context.Context) error {
		pulled, err = h.host.Pull(ctx, r, platform, report)
		return err
	})
	return pulled, err
}

// changeStock calls do, which changes an image, volume or network, if the actor has OperateHost. It records one audit row in
// each case.
func (h *Host) changeStock(ctx context.Context, action, target string, do func(context.Context) error) error {
	in := Intent{Action: action, Host: h.host.Name(), Target: target}
	if h.need < OperateHost || !h.actor.everywhereOn(h.host.Name(), OperateHost) {
		return errors.Join(errForbidden, h.audit.RecordDone(ctx, h.actor, in, errForbidden))
	}
	return h.audit.Record(ctx, h.actor, in, func(ctx context.Context, _ uuid.UUID) error { return do(ctx) })
}
