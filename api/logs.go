package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx"
	"wharf/service"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
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

var errFollowPage = apperr.New(apperr.Invalid, "follow: wants Accept: text/event-stream, application/x-ndjson or text/plain")

func (l *logRequest) searchQuery() servicelogs.SearchQuery {
	return servicelogs.SearchQuery{
		Filter: l.filter, Before: l.before, Since: l.query.Since, Until: l.query.Until, Limit: l.query.Limit, Context: l.query.Context,
	}
}

func (l *logRequest) searchContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return servicelogs.WithDeadline(ctx, cmp.Or(l.query.Deadline, searchTime))
}

// searchPage answers with what a search finds, the newest first.
func (l *logRequest) searchPage(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := l.searchContext(r.Context())
	defer cancel()
	answer := dto.LogPage{Lines: []dto.LogLine{}, Gaps: []dto.LogGap{}, LogHosts: l.about}
	enc := l.encoder(0)
	result, err := servicelogs.Search(ctx, l.containers, l.searchQuery(), func(h servicelogs.Hit) error {
		line := enc.line(h.Container, h.Batch, h.Line)
		line.Before, line.After = enc.contextLines(h.Before), enc.contextLines(h.After)
		answer.Lines = append(answer.Lines, line)
		return nil
	}, func(servicelogs.Progress) error { return nil })
	switch {
	case err != nil:
		return err
	case r.Context().Err() != nil:
		return r.Context().Err()
	case len(l.containers) == 1 && result.Errors[0] != nil:
		return result.Errors[0]
	}
	l.failures(answer.Containers, result.Errors)
	answer.Complete = &result.Complete
	if !result.Complete {
		answer.Prev = olderPrefix + string(result.Places.Text())
	}
	return respondData(w, answer)
}

// searchSource streams hits as they are found, and how far the search is.
func (l *logRequest) searchSource() stream.Source {
	return func(ctx context.Context, out *stream.Writer) error {
		ctx, cancel := l.searchContext(ctx)
		defer cancel()
		say := &logSpeaker{out: out, enc: l.encoder(out.Format())}
		if err := say.about(l.about); err != nil {
			return err
		}
		var buf []byte
		result, err := servicelogs.Search(ctx, l.containers, l.searchQuery(), func(h servicelogs.Hit) error {
			buf = say.enc.hit(buf[:0], h)
			return out.Append(buf, 1)
		}, say.progress)
		if err != nil {
			return err
		}
		return errors.Join(say.failures(l.containers, result.Errors), say.progress(result.Progress), say.searchEnd(result))
	}
}
