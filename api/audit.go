package api

import (
	"net/http"
	"time"

	"wharf/service"
)

type auditRow struct {
	ID            string    `json:"id"`
	At            time.Time `json:"at"`
	FinishedAt    time.Time `json:"finished_at,omitzero"` // missing while under way
	User          string    `json:"user"`
	Address       string    `json:"address"`
	RequestID     string    `json:"request_id"`
	Action        string    `json:"action"`
	Host          string    `json:"host"`
	ContainerID   string    `json:"container_id"`
	ContainerName string    `json:"container_name"`
	Target        string    `json:"target"`
	Outcome       string    `json:"outcome"` // pending, ok, refused, failed
	Detail        string    `json:"detail"`
	DurationMS    int64     `json:"duration_ms"`
	Times         int64     `json:"times"` // equal refusals that the row stands for
}

func rowOfAudit(e service.AuditEntry) auditRow {
	row := auditRow{
		ID: e.ID.String(), At: e.At, FinishedAt: e.FinishedAt, User: e.Username, Address: e.Addr, RequestID: e.RequestID,
		Action: e.Action, Host: e.Host, ContainerID: e.ContainerID, ContainerName: e.ContainerName,
		Target: e.Target, Outcome: e.Outcome, Detail: e.Detail, Times: e.Times,
	}
	if !e.FinishedAt.IsZero() {
		row.DurationMS = e.FinishedAt.Sub(e.At).Milliseconds()
	}
	return row
}

type auditPage struct {
	Audit  []auditRow `json:"audit"`
	Cursor string     `json:"cursor"`
}

func (s *Server) listAudit(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	p := q.page()
	f := service.AuditFilter{
		User: q.text("user"), Host: q.text("host"), Container: q.text("container"), Action: q.text("action"),
		Outcome: q.choice("outcome", "", service.OutcomePending, service.OutcomeOK, service.OutcomeRefused, service.OutcomeFailed, service.OutcomeUnknown),
		Since:   q.moment("since"), Until: q.moment("until"),
	}
	if err := q.err(); err != nil {
		return err
	}
	entries, next, err := s.audit.List(r.Context(), actor, f, p)
	if err != nil {
		return err
	}
	return respondData(w, auditPage{rowsOf(entries, rowOfAudit), next})
}
