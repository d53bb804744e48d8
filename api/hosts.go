package api

import (
	"math"
	"net/http"
	"time"

	"wharf/api/dto"
	"wharf/service"
)

func (s *Server) listHosts(w http.ResponseWriter, _ *http.Request, actor service.Actor) error {
	rows := []dto.Host{}
	for _, h := range s.hosts.List(actor) {
		rows = append(rows, dto.Host{Host: h.Name, Addr: h.Addr})
	}
	return respondData(w, rows)
}

func rowOfStatus(h service.HostStatus) dto.HostStatus {
	return dto.HostStatus{
		Host: h.Name, Addr: h.Addr, Status: string(h.State), Since: h.Since, LastError: string(h.LastError),
		LastErrorAt: h.LastErrorAt, Streaming: h.Streaming, EngineVersion: h.EngineVersion, APIVersion: h.APIVersion,
		OS: h.OS, Arch: h.Arch, CPUs: h.CPUs, Memory: h.Memory, Containers: h.Containers,
		ClockSkewMS: h.ClockSkew.Milliseconds(), LatencyMS: milliseconds(h.Latency),
		CertExpiry: h.CertificateExpiry, Labels: h.Labels,
	}
}

// milliseconds returns d in milliseconds, rounded to two decimals.
func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*100) / 100
}

func (s *Server) listHostStatus(w http.ResponseWriter, _ *http.Request, actor service.Actor, q dto.HostQuery) error {
	return respondData(w, rowsOf(s.hosts.Statuses(actor, q.Label...), rowOfStatus))
}

func (s *Server) hostStatus(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	if err != nil {
		return err
	}
	return respondData(w, rowOfStatus(h.Status()))
}
