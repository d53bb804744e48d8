package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"wharf/api/dto"
	"wharf/api/events"
	"wharf/api/logs"
	"wharf/dockerx/containers"
	"wharf/service"
	"wharf/service/eventlog"
	servicelogs "wharf/service/logs"
)

// containerLogs answers GET /v1/hosts/{host}/containers/{id}/logs.
func (s *Server) containerLogs(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.LogQuery) error {
	l, err := logs.Read(r, q)
	if err != nil {
		return err
	}
	ref, err := containers.ParseRef(pathParam(r, "id"))
	if err != nil {
		return err
	}
	c, err := s.hosts.Log(r.Context(), actor, pathParam(r, "host"), ref)
	if err != nil {
		return err
	}
	l.Containers = []*servicelogs.Container{c}
	l.About = logHosts(l.Containers, nil, []service.HostResult{{Host: c.Host}})
	return s.serveLogs(w, r, actor, l)
}

// allLogs answers GET /v1/logs.
func (s *Server) allLogs(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.AllLogsQuery) error {
	l, err := logs.Read(r, q.LogQuery)
	if err != nil {
		return err
	}
	containers, omitted, results, err := s.hosts.Logs(r.Context(), actor, service.ContainerFilter{
		Hosts: q.Host, States: q.State, Names: q.Name, Images: q.Image, Labels: q.Label, Projects: q.Project, Text: q.Text,
	})
	if err != nil {
		return err
	}
	l.Containers, l.About = containers, logHosts(containers, omitted, results)
	if len(q.Host) == 1 && len(q.Name) > 0 {
		l.Successor = s.hosts.SuccessorOf(actor)
	}
	if err := s.auditLogs(r, actor, l); err != nil {
		return err
	}
	return s.serveLogs(w, r, actor, l)
}

// logHosts lists the containers and hosts that the answer covers, and the logs that it omits.
func logHosts(containers []*servicelogs.Container, omitted []service.OmittedLog, results []service.HostResult) dto.LogHosts {
	about := dto.LogHosts{Containers: make([]dto.LogContainer, len(containers)), Omitted: []dto.OmittedLog{}, Hosts: hostAnswers(results)}
	for i, c := range containers {
		about.Containers[i] = dto.LogContainer{Host: c.Host, ID: c.ID, Name: c.Name}
	}
	for _, o := range omitted {
		about.Omitted = append(about.Omitted, dto.OmittedLog(o))
	}
	return about
}

// auditLogs records a search or a download of several containers' logs in the audit.
func (s *Server) auditLogs(r *http.Request, actor service.Actor, l *logs.Request) error {
	if len(l.Containers) < 2 || r.Method == http.MethodHead {
		return nil
	}
	var action string
	switch {
	case l.Query.Download:
		action = service.ActionLogsDownload
	case l.Searches():
		action = service.ActionLogsSearch
	default:
		return nil
	}
	return s.hosts.AuditLogs(r.Context(), actor, action, fmt.Sprintf("%d containers", len(l.Containers)))
}

func (s *Server) serveLogs(w http.ResponseWriter, r *http.Request, actor service.Actor, l *logs.Request) error {
	formats := l.Formats(r)
	if formats == nil {
		page, err := l.Page(r.Context())
		if err != nil {
			return err
		}
		return respondData(w, page)
	}
	if l.Query.Download {
		w.Header().Set("Content-Disposition", l.FileName())
	}
	if l.Query.Events {
		l.Events = s.wovenEvents(actor, l)
	}
	o := s.streamOptions(actor, formats...)
	switch {
	case l.Searches():
		return s.streams.Serve(w, r, o, l.SearchSource())
	case l.Polled():
		return s.streams.ServePolled(w, r, o, l.Poller)
	}
	return s.streams.Serve(w, r, o, l.Source())
}

// wovenEvents returns a function that yields the containers' events as they arrive.
func (s *Server) wovenEvents(actor service.Actor, l *logs.Request) func(context.Context, func(time.Time, any) error) error {
	filter := eventlog.Filter{Types: []string{"container"}}
	for _, c := range l.Containers {
		filter.Hosts = append(filter.Hosts, c.Host)
		if l.Successor != nil {
			filter.Containers = append(filter.Containers, c.Name)
		} else {
			filter.Containers = append(filter.Containers, c.ID)
		}
	}
	return func(ctx context.Context, give func(time.Time, any) error) error {
		return events.Follow(ctx, actor, func(wake func()) *eventlog.Subscription {
			return s.events.Subscribe(actor, eventlog.Subscribe{Filter: filter, Wake: wake})
		}, give)
	}
}
