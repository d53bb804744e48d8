package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"wharf/api/metrics"
	"wharf/service"
	"wharf/util/apperr"
)

// MetricsMode selects the pages of metrics that are served (setting METRICS).
type MetricsMode string

// The modes of metrics.
const (
	MetricsOff        MetricsMode = "off"
	MetricsOn         MetricsMode = "on"         // without the page of containers
	MetricsContainers MetricsMode = "containers" // with the page of containers
)

// defaultMetricsContainers is the default of Options.MetricsContainers.
const defaultMetricsContainers = 10_000

// getMetrics answers GET /metrics with what the actor may see.
func (s *Server) getMetrics(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	if s.metricsMode == MetricsOff {
		return apperr.New(apperr.NotFound, "metrics are turned off: see METRICS")
	}
	state := metrics.State{Hosts: s.hosts.Measures(actor), Overflows: s.events.Overflows()}
	if actor.SeesAll() {
		state.Server = &metrics.ServerState{Lag: s.events.Lag(), Logins: s.sessions.LoginResults(), Terminals: s.terminals.Count()}
	}
	return respondMetrics(w, r, func(out io.Writer) error { return s.metrics.Write(out, state) })
}

// getContainerMetrics answers GET /metrics/containers. It samples as every other request for usage does.
func (s *Server) getContainerMetrics(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	if s.metricsMode != MetricsContainers {
		return apperr.New(apperr.NotFound, "metrics of containers are turned off: METRICS=containers turns them on")
	}
	usages, cut, err := s.hosts.ImagedUsage(r.Context(), actor, s.metricsMost)
	if err != nil {
		return err
	}
	return respondMetrics(w, r, func(out io.Writer) error { return metrics.WriteContainers(out, usages, cut) })
}

// respondMetrics answers with the output of write, compressed if the client accepts gzip.
func respondMetrics(w http.ResponseWriter, r *http.Request, write func(io.Writer) error) error {
	var body bytes.Buffer
	h := w.Header()
	h.Set("Content-Type", metrics.ContentType)
	h.Set("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if err := write(&body); err != nil {
			return err
		}
		_, err := w.Write(body.Bytes())
		return err
	}
	packed, err := gzip.NewWriterLevel(&body, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := write(packed); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	h.Set("Content-Encoding", "gzip")
	_, err = w.Write(body.Bytes())
	return err
}
