package api

import (
	"fmt"
	"net/http"

	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/service"
	servicelogs "wharf/service/logs"
)

// containerLogs answers GET /v1/hosts/{host}/containers/{id}/logs.
func (s *Server) containerLogs(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.LogQuery) error {
	l, err := readLogRequest(r, actor, q)
	if err != nil {
		return err
	}
	ref, err := dockerx.ParseRef(pathParam(r, "id"))
	if err != nil {
		return err
	}
	c, err := s.hosts.Log(r.Context(), actor, pathParam(r, "host"), ref)
	if err != nil {
		return err
	}
	l.containers = []*servicelogs.Container{c}
	l.describe(nil, []service.HostResult{{Host: c.Host}})
	return s.serveLogs(w, r, l)
}

// allLogs answers GET /v1/logs.
func (s *Server) allLogs(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.AllLogsQuery) error {
	l, err := readLogRequest(r, actor, q.LogQuery)
	if err != nil {
		return err
	}
	containers, omitted, results, err := s.hosts.Logs(r.Context(), actor, service.ContainerFilter{
		Hosts: q.Host, States: q.State, Names: q.Name, Images: q.Image, Labels: q.Label, Projects: q.Project, Text: q.Text,
	})
	if err != nil {
		return err
	}
	l.containers, l.successor = containers, len(q.Host) == 1 && len(q.Name) > 0
	l.describe(omitted, results)
	if err := s.auditLogs(r, l); err != nil {
		return err
	}
	return s.serveLogs(w, r, l)
}

// describe says which containers and hosts the answer speaks of.
func (l *logRequest) describe(omitted []service.OmittedLog, results []service.HostResult) {
	l.about = dto.LogHosts{Containers: make([]dto.LogContainer, len(l.containers)), Omitted: []dto.OmittedLog{}, Hosts: hostAnswers(results)}
	for i, c := range l.containers {
		l.about.Containers[i] = dto.LogContainer{Host: c.Host, ID: c.ID, Name: c.Name}
	}
	for _, o := range omitted {
		l.about.Omitted = append(l.about.Omitted, dto.OmittedLog(o))
	}
}

// auditLogs writes down a search or a download of several containers' logs.
func (s *Server) auditLogs(r *http.Request, l *logRequest) error {
	if len(l.containers) < 2 || r.Method == http.MethodHead {
		return nil
	}
	var action string
	switch {
	case l.query.Download:
		action = service.ActionLogsDownload
	case l.searches():
		action = service.ActionLogsSearch
	default:
		return nil
	}
	return s.hosts.AuditLogs(r.Context(), l.actor, action, fmt.Sprintf("%d containers", len(l.containers)))
}

func (s *Server) serveLogs(w http.ResponseWriter, r *http.Request, l *logRequest) error {
	formats := l.formats(r)
	if formats == nil {
		return s.logPage(w, r, l)
	}
	if l.query.Download {
		w.Header().Set("Content-Disposition", l.fileName())
	}
	o := s.streamOptions(l.actor, formats...)
	switch {
	case l.searches():
		return s.streams.Serve(w, r, o, l.searchSource())
	case len(l.containers) == 1 && l.query.Follow && l.filter.IsZero() && !l.query.Events && !l.successor:
		return s.streams.ServePolled(w, r, o, l.poller)
	}
	return s.streams.Serve(w, r, o, s.logSource(l))
}

// logPage answers with a page: a part of the logs, or what a search finds.
func (s *Server) logPage(w http.ResponseWriter, r *http.Request, l *logRequest) error {
	if l.query.Follow {
		return errFollowPage
	}
	if l.searches() {
		return l.searchPage(w, r)
	}
	page := servicelogs.ReadPage(r.Context(), l.containers, servicelogs.PageQuery{
		Filter: l.filter, Before: l.before, After: l.after, Tail: l.pageTail(), Since: l.query.Since, Until: l.query.Until, Limit: l.query.Limit,
	})
	if len(l.containers) == 1 && page.Errors[0] != nil {
		return page.Errors[0]
	}
	answer := dto.LogPage{Lines: make([]dto.LogLine, len(page.Lines)), Gaps: []dto.LogGap{}, LogHosts: l.about}
	enc := l.encoder(0)
	for i, line := range page.Lines {
		answer.Lines[i] = enc.line(line.Container, line.Batch, line.Line)
	}
	for _, g := range page.Gaps {
		answer.Gaps = append(answer.Gaps, gapOf(g))
	}
	l.failures(answer.Containers, page.Errors)
	if len(page.Lines) > 0 {
		answer.Prev = olderPrefix + string(page.Prev.Text())
	}
	answer.Next = string(page.Next.Text())
	return respondData(w, answer)
}

func (l *logRequest) pageTail() int {
	if l.tail < 0 {
		return l.query.Limit
	}
	return l.tail
}

// failures says why containers could not be read.
func (l *logRequest) failures(rows []dto.LogContainer, errs []error) {
	for i, err := range errs {
		rows[i].Error = reason(err)
	}
}

func gapOf(g servicelogs.Gap) dto.LogGap {
	return dto.LogGap{Host: g.Container.Host, ID: g.Container.ID, Name: g.Container.Name, From: g.From, To: g.To, Reason: g.Reason}
}
