package api

import (
	"net/http"

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
