package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/service"
)

func rowOfAudit(e service.AuditEntry) dto.AuditEntry {
	row := dto.AuditEntry{
		ID: e.ID.String(), At: e.At, FinishedAt: e.FinishedAt, User: e.Username, Address: e.Addr, RequestID: e.RequestID,
		Action: e.Action, Host: e.Host, ContainerID: e.ContainerID, ContainerName: e.ContainerName,
		Target: e.Target, Outcome: e.Outcome, Detail: e.Detail, Times: e.Times,
	}
	if !e.FinishedAt.IsZero() {
		row.DurationMS = e.FinishedAt.Sub(e.At).Milliseconds()
	}
	return row
}

func (s *Server) listAudit(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.AuditQuery) error {
	f := service.AuditFilter{
		User: q.User, Host: q.Host, Container: q.Container, Action: q.Action, Outcome: q.Outcome, Since: q.Since, Until: q.Until,
	}
	entries, next, err := s.audit.List(r.Context(), actor, f, pageOf(q.PageQuery))
	if err != nil {
		return err
	}
	return respondData(w, dto.AuditPage{Audit: rowsOf(entries, rowOfAudit), Cursor: next})
}
