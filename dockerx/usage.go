package dockerx

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/versions"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
	"wharf/dockerx/stats"
	"wharf/util/apperr"
)

// UsageAll returns the usage of all containers of the host; from memory if it was asked for recently, so that sampling is
// still active. It returns within 3 s. Errors: apperr.Unavailable, apperr.Daemon.
func (h *Host) UsageAll(ctx context.Context) (*stats.Snapshot, error) { return h.sampler.All(ctx) }

// Usage returns the usage of one container; id is its full id. It is zero for a container that isn't running. Errors:
// apperr.NotFound, apperr.Unavailable, apperr.Daemon.
func (h *Host) Usage(ctx context.Context, id string) (stats.Usage, error) {
	return h.sampler.One(ctx, id)
}

// LastUsage returns the last sample of the container that ref names, if it is at most 15 s old, without asking the engine:
// it is for a host that has stopped answering. A ref that looks like an id matches only ids. visible is called with the
// container's labels and decides whether it is found.
func (h *Host) LastUsage(ref containers.Ref, visible func(labels map[string]string) bool) (stats.Usage, bool) {
	return h.sampler.Last(func(id, name string, labels map[string]string) bool {
		return ref.Names(id, name) && visible(labels)
	})
}

// UsageHistory returns a container's usage, and its usage over the last since (15 min at most), oldest first. With a step
// the points are means over steps. There are points only for times at which usage was sampled. Errors: those of Usage.
func (h *Host) UsageHistory(ctx context.Context, id string, since, step time.Duration) (stats.Usage, []stats.Point, error) {
	return h.sampler.History(ctx, id, since, step)
}

// UsageHistoryAll is UsageHistory for all containers; the map is keyed by full id. Errors: those of UsageAll.
func (h *Host) UsageHistoryAll(ctx context.Context, since, step time.Duration) (*stats.Snapshot, map[string][]stats.Point, error) {
	return h.sampler.HistoryAll(ctx, since, step)
}

// UsageStream yields a snapshot of all containers whenever there are new samples, until the caller breaks or ctx ends. When
// the host begins to fail, it yields the error once and continues.
func (h *Host) UsageStream(ctx context.Context) iter.Seq2[*stats.Snapshot, error] {
	return h.sampler.Watch(ctx)
}

// UsageStreamOf is UsageStream for one container. It ends with apperr.NotFound when the container
// is removed.
func (h *Host) UsageStreamOf(ctx context.Context, id string) iter.Seq2[stats.Usage, error] {
	return h.sampler.WatchOne(ctx, id)
}

// Sampling reports whether usage is being sampled at the moment, which takes part of the budget of Options.Stats.
func (h *Host) Sampling() bool { return h.sampler.Sampling() }

// newSampler returns the host's sampler, which follows the host's events.
func (h *Host) newSampler(addr string, o stats.Options) *stats.Sampler {
	o.Logger = h.log
	o.Socket, _ = strings.CutPrefix(addr, "unix://")
	if !strings.HasPrefix(addr, "unix://") {
		o.Socket = ""
	}
	if h.opts.Samplers != nil {
		o.Samplers = func() int { return h.opts.Samplers(h.name) }
	}
	s := stats.New(statsEngine{h}, o)
	h.follow(func(e events.Event) {
		if c, ok := usageChange(e); ok {
			s.OnChange(c)
		}
	})
	return s
}

// usageChange translates an event for the sampler; false if it doesn't affect usage. The actions are Docker's and Podman's.
func usageChange(e events.Event) (stats.Change, bool) {
	switch {
	case e.Kind == events.KindHost && e.Action == "connected":
		return stats.Change{Kind: stats.Connected}, true
	case e.Kind == events.KindHost:
		return stats.Change{Kind: stats.Disconnected}, true
	case e.Kind == events.KindGap:
		return stats.Change{Kind: stats.Missed}, true
	case e.Kind != events.KindDocker || e.Type != "container":
		return stats.Change{}, false
	}
	c := stats.Change{ID: e.ActorID, Name: e.Attrs["name"]}
	switch e.Action {
	case "create":
		c.Kind, c.Labels = stats.Created, e.Labels
	case "start":
		c.Kind = stats.Started
	case "die", "died":
		c.Kind = stats.Stopped
	case "destroy", "remove":
		c.Kind = stats.Removed
	case "rename":
		c.Kind = stats.Renamed
	case "update":
		c.Kind = stats.Updated
	default:
		return stats.Change{}, false
	}
	return c, true
}

// statsEngine implements the interface that the sampler needs of a host.
type statsEngine struct{ h *Host }

func (s statsEngine) List(ctx context.Context) ([]stats.Container, error) {
	list, err := s.h.List(ctx)
	if err != nil {
		return nil, err
	}
	return usageRows(list.Containers), nil
}

func usageRows(list []containers.Container) []stats.Container {
	rows := make([]stats.Container, len(list))
	for i := range list {
		c := &list[i]
		rows[i] = stats.Container{ID: c.ID, Name: c.Name, Labels: c.Labels, Running: c.Running()}
	}
	return rows
}

// Stats opens a container's usage. It sets no deadline, since the body outlives the call; ctx has one.
func (s statsEngine) Stats(ctx context.Context, id string, stream bool) (io.ReadCloser, error) {
	began := time.Now()
	body, err := attempt(ctx, s.h, func(ctx context.Context, e engine.API) (io.ReadCloser, error) {
		return e.ContainerStats(ctx, id, stream)
	})
	s.h.measures.took("read usage", began, err)
	if err == nil {
		return &statsBody{ReadCloser: body, ctx: ctx, h: s.h}, nil
	}
	err = s.h.failed(ctx, "read usage", err)
	if k := apperr.KindOf(err); k == apperr.NotFound || k == apperr.Conflict {
		return nil, stats.ErrNotRunning
	}
	return nil, err
}

// statsBody is an answer's body that classifies the errors of reading.
type statsBody struct {
	io.ReadCloser
	ctx context.Context //nolint:containedctx // of the body's request
	h   *Host
}

func (b *statsBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = classify(b.ctx, b.h.name, "read usage", err)
	}
	return n, err
}

// Profile asks for the engine's kind and version. It may take longer than a ping: Podman starts two programs to find its
// version.
func (s statsEngine) Profile(ctx context.Context) (stats.Profile, error) {
	return call(ctx, s.h, "ask for the version", s.h.readLimit, func(ctx context.Context, e engine.Reads) (stats.Profile, error) {
		v, err := e.ServerVersion(ctx)
		if err != nil {
			return stats.Profile{}, err
		}
		return profileOf(v, e.ClientVersion()), nil
	})
}

func profileOf(v types.Version, api string) stats.Profile {
	p := stats.Profile{Major: majorOf(v.Version, api)}
	for _, c := range v.Components {
		if strings.HasPrefix(c.Name, "Podman") {
			p.Podman = true
		}
	}
	return p
}

// majorOf returns the major version: 20 for "20.10.24+dfsg1". For a version that is no release ("dev", or "v2.0.0-beta" of a
// build from a Go module) it returns 25 or 20 by the API version: 1.44 came with Docker 25.
func majorOf(version, api string) int {
	digits, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	major, err := strconv.Atoi(digits)
	switch {
	case err == nil && major >= 17:
		return major
	case versions.LessThan(api, "1.44"):
		return 20
	}
	return 25
}
