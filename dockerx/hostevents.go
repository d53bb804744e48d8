package dockerx

import (
	"context"
	"io"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
)

// runEvents reads the host's events until ctx ends, and reconnects when the engine fails.
func (h *Host) runEvents(ctx context.Context) error {
	o := events.Options{
		Host: h.name, Source: eventSource{h}, Emit: h.onEvent, Up: h.setStreamUp, Counted: func() { h.statusChanged(false) },
		QueueBytes: h.opts.EventQueueBytes, Logger: h.log,
	}
	if h.opts.Resume != nil {
		o.Resume = func(ctx context.Context) (events.Resume, error) {
			recorded, err := h.opts.Resume(ctx, h.name)
			last := h.shared.Load()
			recorded.Connected = last != nil && last.Streaming
			h.quietly.Store(recorded.Connected)
			return recorded, err
		}
	}
	reader := events.New(o)
	h.reader.Store(reader)
	defer h.reader.Store(nil)
	return reader.Run(ctx)
}

// streamUp reports whether the host's events are being read. Only then may results be cached: events invalidate them.
func (h *Host) streamUp() bool { return h.streaming.Load() }

// setStreamUp records whether the event stream is open. Only the event reader calls it.
func (h *Host) setStreamUp(up bool) {
	if h.streaming.Swap(up) == up {
		return
	}
	if up && h.quietly.Load() {
		h.notifyFollowers(events.Event{Host: h.name, Kind: events.KindHost, Action: "connected"})
	}
	h.statusChanged(true)
}

// onEvent passes an event to this package's followers, then to Options.OnEvent. None of them blocks.
func (h *Host) onEvent(e events.Event) {
	h.mu.Lock()
	listen := h.listen
	e.ClockSkew = h.info.ClockSkew
	h.mu.Unlock()
	if e.Kind == events.KindDocker && e.Type == "container" {
		if labels, known := h.labels.Of(e.ActorID); known {
			e.Labels = labels
		}
	}
	h.measures.onEvent(e)
	for _, f := range listen {
		f(e)
	}
	if h.opts.OnEvent != nil {
		h.opts.OnEvent(e)
	}
	if h.opts.Led && changesList(e) {
		h.statusChanged(false) // Status.Containers
	}
}

// follow makes onEvent call f for each event. It is called only by newHost.
func (h *Host) follow(f func(events.Event)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listen = append(h.listen[:len(h.listen):len(h.listen)], f)
}

// eventSource implements events.Source for a host.
type eventSource struct{ h *Host }

// OpenEvents opens the event stream. It negotiates the API version first: after a disconnect the engine may be another one.
func (s eventSource) OpenEvents(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error) {
	var at time.Time
	if err := s.h.reconnect(ctx); err != nil {
		return nil, at, err
	}
	body, err := open(ctx, s.h, "open the event stream", s.h.readLimit, func(ctx context.Context, e engine.Follows) (io.ReadCloser, error) {
		body, now, err := e.Events(ctx, since)
		at = now
		return body, err
	})
	return body, at, err
}

// Ping pings the engine and records the latency. It negotiates again first if the host is known to be down.
func (s eventSource) Ping(caller context.Context) (time.Time, error) {
	h := s.h
	if h.knownDown() != nil {
		if err := h.reconnect(caller); err != nil {
			return time.Time{}, err
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(caller, h.pingLimit)
	defer cancel()
	at, err := attempt(ctx, h, func(ctx context.Context, e engine.API) (time.Time, error) { return e.Alive(ctx) })
	h.measures.took("ping", began, err)
	if err != nil {
		return at, h.failed(caller, "ping", err)
	}
	h.answered(began)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.info.Latency = time.Since(began)
	h.infoChanged()
	return at, nil
}

// ListContainers reads the engine's list, even if List has one cached, and caches it for List.
func (s eventSource) ListContainers(ctx context.Context) ([]events.Container, error) {
	took := s.h.sampler.Expect()
	list, err := s.h.lists.renew(func() (*containers.List, error) { return s.h.learnList(ctx) })
	if err != nil {
		took(ctx, nil, err)
		return nil, err
	}
	took(ctx, usageRows(list.Containers), nil)
	rows := make([]events.Container, len(list.Containers))
	for i := range list.Containers {
		c := &list.Containers[i]
		rows[i] = events.Container{ID: c.ID, Name: c.Name, Image: c.Image, State: c.State, Labels: c.Labels}
	}
	return rows, nil
}

// reconnect negotiates again within the ping deadline, even with a host that is known to be down.
func (h *Host) reconnect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.pingLimit)
	defer cancel()
	_, err := h.connect(ctx)
	return classify(ctx, h.name, "ping", err)
}
