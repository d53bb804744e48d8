package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/operations"
	"wharf/service"
	"wharf/service/bulk"
	"wharf/util/apperr"
)

// startBulk answers POST /v1/operations: it doesn't wait for the operation.
func (s *Server) startBulk(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.BulkOperation) error {
	request, err := bulkRequest(in)
	if err != nil {
		return err
	}
	allowed := func() error { return nil } // the answer lists only containers that the caller had access to when it was made
	return s.once(w, r, actor, http.StatusAccepted, allowed, func() ([]byte, error) {
		op, err := s.bulk.Start(r.Context(), actor, request)
		if err != nil {
			return nil, err
		}
		return encodeData(bulkResult(op)), nil
	})
}

func bulkRequest(in dto.BulkOperation) (bulk.Request, error) {
	operation, err := bulkOperation(in)
	if err != nil {
		return bulk.Request{}, err
	}
	request := bulk.Request{
		Operation: operation, Parallel: in.Parallel, PerHost: in.PerHost, StopAfter: 1, DryRun: in.DryRun,
		Select: service.ContainerFilter{
			Hosts: in.Select.Host, States: in.Select.State, Names: in.Select.Name, Images: in.Select.Image,
			Labels: in.Select.Label, Projects: in.Select.Project, IDs: in.Select.IDs,
		},
	}
	if in.StopAfterFailures != nil {
		request.StopAfter = *in.StopAfterFailures
	}
	return request, nil
}

// bulkOperation returns the operation to run on each container. Rename and update work on a single container only.
func bulkOperation(in dto.BulkOperation) (o operations.Operation, err error) {
	o = operations.Operation{Name: in.Operation, Wait: in.Wait}
	if o.Limit, err = readLimit(in.Limit); err != nil {
		return o, err
	}
	stops := in.Operation == "stop" || in.Operation == "restart"
	switch {
	case in.Timeout != nil && !stops:
		return o, apperr.New(apperr.Invalid, "timeout: is for stop and restart")
	case in.Timeout != nil && (*in.Timeout < -1 || *in.Timeout > 3600):
		return o, apperr.New(apperr.Invalid, "timeout: expected a whole number from -1 to 3600")
	case in.Signal != "" && !stops && in.Operation != "kill":
		return o, apperr.New(apperr.Invalid, "signal: is for stop, restart and kill")
	case (in.Force || in.Volumes) && in.Operation != "remove":
		return o, apperr.New(apperr.Invalid, "force, volumes: are for remove")
	case in.Pull && in.Operation != "recreate":
		return o, apperr.New(apperr.Invalid, "pull: is for recreate")
	}
	switch in.Operation {
	case "stop", "restart":
		o.Params = operations.Stop{Timeout: in.Timeout, Signal: in.Signal}
	case "kill":
		o.Params = operations.Kill{Signal: in.Signal}
	case "remove":
		o.Params = operations.Remove{Force: in.Force, Volumes: in.Volumes}
	case "recreate":
		o.Params = operations.Recreate{Pull: in.Pull}
	case "start", "pause", "unpause":
	default:
		return o, apperr.New(apperr.Invalid, "operation: expected start, stop, restart, pause, unpause, kill, remove or recreate")
	}
	return o, nil
}

// listBulk answers GET /v1/operations.
func (s *Server) listBulk(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.PageQuery) error {
	page, next, err := s.bulk.List(r.Context(), actor, pageOf(q))
	if err != nil {
		return err
	}
	return respondData(w, dto.BulkPage{Operations: rowsOf(page, rowOfBulk), Cursor: next})
}

func rowOfBulk(op bulk.Summary) dto.BulkSummary {
	return dto.BulkSummary{
		ID: op.ID.String(), Operation: op.Operation, State: op.State, User: op.User, At: op.At, FinishedAt: present(op.Finished),
		Targets: op.Targets, Succeeded: op.Succeeded, Failed: op.Failed,
	}
}

// getBulk answers GET /v1/operations/{id}, as JSON or as a stream of the containers as each one finishes.
func (s *Server) getBulk(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	op, err := s.bulk.Get(r.Context(), actor, id)
	if err != nil {
		return err
	}
	if !stream.Wanted(r, stream.SSE) {
		return respondData(w, bulkResult(op))
	}
	after, _ := strconv.Atoi(r.Header.Get("Last-Event-ID")) // an ID that isn't a number starts at the beginning
	return s.streams.Serve(w, r, s.streamOptions(actor), func(ctx context.Context, out *stream.Writer) error {
		return s.followBulk(ctx, actor, id, max(after, 0), out)
	})
}

func (s *Server) followBulk(ctx context.Context, actor service.Actor, id uuid.UUID, after int, out *stream.Writer) error {
	err := s.bulk.Follow(ctx, actor, id, after, func(t bulk.Target) error {
		return out.Send(stream.Item{ID: strconv.Itoa(t.Order), Event: "target", Data: stream.Encode(bulkTarget(t))})
	})
	if err != nil {
		return err
	}
	op, err := s.bulk.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	return out.Send(stream.Item{Event: "end", Data: stream.Encode(dto.BulkEnd{State: op.State})})
}

// cancelBulk answers POST /v1/operations/{id}/cancel.
func (s *Server) cancelBulk(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	op, err := s.bulk.Cancel(r.Context(), actor, id)
	if err != nil {
		return err
	}
	return respondData(w, bulkResult(op))
}

func bulkResult(op bulk.Operation) dto.BulkResult {
	out := dto.BulkResult{
		Operation: op.Operation, State: op.State, User: op.User, At: present(op.At), FinishedAt: present(op.Finished),
		Targets: rowsOf(op.Targets, bulkTarget), Hosts: hostAnswers(op.Hosts),
	}
	if op.ID != uuid.Nil {
		out.ID = op.ID.String()
	}
	return out
}

func bulkTarget(t bulk.Target) dto.BulkTarget {
	return dto.BulkTarget{
		Host: t.Host, ID: t.ID, Name: t.Name, State: t.State, Detail: t.Detail, Changed: t.Changed, After: t.After,
		StartedAt: present(t.Started), FinishedAt: present(t.Finished),
	}
}

// present returns a pointer to t, or nil for the zero time.
func present(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// listProjects answers GET /v1/projects.
func (s *Server) listProjects(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.ProjectsQuery) error {
	all, answers, err := s.hosts.Projects(r.Context(), actor, service.ContainerFilter{Hosts: q.Host, Projects: q.Project})
	if err != nil {
		return err
	}
	return respondData(w, dto.Projects{Projects: rowsOf(all, rowOfProject), Hosts: hostAnswers(answers)})
}

func rowOfProject(p service.Project) dto.Project {
	state := "partial"
	switch p.Running {
	case 0:
		state = "stopped"
	case p.Containers:
		state = "running"
	}
	return dto.Project{Name: p.Name, Hosts: p.Hosts, Services: p.Services, Containers: p.Containers, Running: p.Running, State: state}
}
