package service

import (
	"context"
	"errors"
	"slices"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/wire"
	"wharf/service/logs"
	"wharf/util/apperr"
)

// DenyFor is like Deny, with a formatted message that names the missing right.
func (s *Hosts) DenyFor(ctx context.Context, actor Actor, in Intent, format string, args ...any) error {
	err := apperr.New(apperr.Forbidden, format, args...)
	return errors.Join(err, s.audit.RecordDone(ctx, actor, in, err))
}

// APIVersion returns the version of Docker's API in use with the host's engine, as "1.41".
func (h *Host) APIVersion(ctx context.Context) (string, error) { return h.host.APIVersion(ctx) }

// EngineVersion returns the version and build of the host's engine.
func (h *Host) EngineVersion(ctx context.Context) (dockerx.EngineVersion, error) {
	return h.host.EngineVersion(ctx)
}

// Rows returns the containers that the actor may see in Docker's JSON shape, the newest first, masked as its role on each
// requires. all includes containers that aren't running, size the sizes on disk.
func (h *Host) Rows(ctx context.Context, all, size bool) ([]wire.Row, error) {
	rows, err := h.host.Rows(ctx, all, size)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r wire.Row) bool { return !h.sees(r.Labels) })
	for i := range rows {
		h.maskRow(&rows[i])
	}
	return rows, nil
}

// Wire is like Inspect, but returns Docker's JSON shape. size includes the container's sizes on disk.
func (h *Host) Wire(ctx context.Context, ref containers.Ref, size bool) (*wire.Container, error) {
	id, err := h.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	c, err := h.host.Wire(ctx, id, size)
	if id != ref && apperr.KindOf(err) == apperr.NotFound || err == nil && !h.sees(c.Config.Labels) {
		return nil, containers.ErrNoContainer(ref)
	}
	if err != nil {
		return nil, err
	}
	h.maskContainer(c)
	return c, nil
}

// State returns a container's full id, name and state.
func (h *Host) State(ctx context.Context, ref containers.Ref) (id, name string, state containers.State, err error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return "", "", state, err
	}
	return d.ID, d.Name, d.State, nil
}

// Images returns the images of the host in Docker's JSON shape. An actor that doesn't see all containers of the host gets
// the images of those that it sees.
func (h *Host) Images(ctx context.Context, all bool) ([]wire.Image, error) {
	images, err := h.host.Images(ctx, all)
	if err != nil {
		return nil, err
	}
	if !h.actor.everywhereOn(h.host.Name(), View) {
		rows, err := h.Rows(ctx, true, false)
		if err != nil {
			return nil, err
		}
		images = slices.DeleteFunc(images, func(i wire.Image) bool {
			return !slices.ContainsFunc(rows, func(r wire.Row) bool { return r.ImageID == i.ID })
		})
	}
	if h.masksAll() {
		for i := range images {
			images[i].Labels = maskMap(images[i].Labels)
		}
	}
	return images, nil
}

// Info returns the engine's description of itself in Docker's JSON shape. An actor that doesn't see all containers of the
// host gets the numbers of the containers and images that it sees, and neither the engine's id, security options and
// warnings nor the machine's name.
func (h *Host) Info(ctx context.Context) (wire.Info, error) {
	info, err := h.host.Info(ctx)
	if err != nil || h.actor.everywhereOn(h.host.Name(), View) {
		return info, err
	}
	list, err := h.Containers(ctx)
	if err != nil {
		return info, err
	}
	info.ID, info.Name, info.SecurityOptions, info.Warnings = "", h.host.Name(), nil, nil
	info.Containers, info.ContainersRunning, info.ContainersPaused, info.ContainersStopped = len(list.Containers), 0, 0, 0
	for i := range list.Containers {
		switch c := &list.Containers[i]; {
		case c.State == "paused":
			info.ContainersPaused++
		case c.Running():
			info.ContainersRunning++
		default:
			info.ContainersStopped++
		}
	}
	images, err := h.Images(ctx, false)
	info.Images = len(images)
	return info, err
}

// DockerLog returns a container's log for Docker's own tools, and whether the container has a TTY. Errors: those of Hosts.Log.
func (s *Hosts) DockerLog(ctx context.Context, actor Actor, host string, ref containers.Ref) (c *logs.Container, tty bool, err error) {
	h, err := s.Open(ctx, actor, host, s.LogsPermission())
	if err != nil {
		return nil, false, err
	}
	d, err := h.resolve(ctx, ref, h.need)
	if err != nil {
		return nil, false, err
	}
	c, err = h.log(d)
	return c, d.Log.TTY, err
}

// ResizeTTY sets the size of the terminal of a container's first process, in characters.
func (h *Host) ResizeTTY(ctx context.Context, ref containers.Ref, columns, rows uint16) error {
	d, err := h.resolve(ctx, ref, Exec)
	if err != nil {
		return err
	}
	return h.host.ResizeTTY(ctx, d, columns, rows)
}
