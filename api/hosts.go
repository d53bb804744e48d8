package api

import (
	"net/http"
	"time"

	"wharf/service"
)

type hostRow struct {
	Host string `json:"host"`
	Addr string `json:"addr"`
}

func (s *Server) listHosts(w http.ResponseWriter, _ *http.Request, actor service.Actor) error {
	rows := []hostRow{}
	for _, h := range s.hosts.List(actor) {
		rows = append(rows, hostRow{Host: h.Name, Addr: h.Addr})
	}
	return respondData(w, rows)
}

// hostStatusRow is a host as /v1/hosts shows it. What isn't known is missing.
type hostStatusRow struct {
	Host          string         `json:"host"`
	Addr          string         `json:"addr"`
	Status        string         `json:"status"` // up, down, degraded, unknown
	Since         time.Time      `json:"since,omitzero"`
	LastError     string         `json:"last_error,omitempty"` // refused, timeout, dns, tls, auth, version, protocol
	LastErrorAt   time.Time      `json:"last_error_at,omitzero"`
	Streaming     bool           `json:"streaming"` // its events are being read
	EngineVersion string         `json:"engine_version,omitempty"`
	APIVersion    string         `json:"api_version,omitempty"`
	OS            string         `json:"os,omitempty"`
	Arch          string         `json:"arch,omitempty"`
	CPUs          int            `json:"cpus,omitempty"`
	Memory        int64          `json:"memory,omitempty"`     // bytes
	Containers    map[string]int `json:"containers,omitempty"` // number by state
	ClockSkewMS   int64          `json:"clock_skew_ms"`        // how far its clock is ahead of ours
	LatencyMS     float64        `json:"latency_ms"`           // of the last ping
	CertExpiry    time.Time      `json:"cert_expiry,omitzero"`
	// Labels are those of hosts.yaml.
	Labels map[string]string `json:"labels,omitempty"`
}

func rowOfStatus(h service.HostStatus) hostStatusRow {
	return hostStatusRow{
		Host: h.Name, Addr: h.Addr, Status: string(h.State), Since: h.Since, LastError: string(h.LastError),
		LastErrorAt: h.LastErrorAt, Streaming: h.Streaming, EngineVersion: h.EngineVersion, APIVersion: h.APIVersion,
		OS: h.OS, Arch: h.Arch, CPUs: h.CPUs, Memory: h.Memory, Containers: h.Containers,
		ClockSkewMS: h.ClockSkew.Milliseconds(), LatencyMS: round2(float64(h.Latency) / float64(time.Millisecond)),
		CertExpiry: h.CertificateExpiry, Labels: h.Labels,
	}
}

func (s *Server) listHostStatus(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	labels := q.list("label")
	if err := q.err(); err != nil {
		return err
	}
	return respondData(w, rowsOf(s.hosts.Statuses(actor, labels...), rowOfStatus))
}

func (s *Server) hostStatus(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	if err != nil {
		return err
	}
	return respondData(w, rowOfStatus(h.Status()))
}
