package api

import (
	"fmt"
	"net/http"
	"time"

	"wharf/api/dto"
	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
	"wharf/service"
	"wharf/util/apperr"
)

// operationEndpoint returns the endpoint of an operation. The type of the operation's parameters selects the shape of package dto
// that the endpoint reads and its conversion to those parameters. A type without a case fails every test of this package.
func (s *Server) operationEndpoint(op service.Operation) endpoint {
	switch op.Params.(type) {
	case operations.None:
		return queried(operate(s, op, func(q dto.WaitQuery) operations.Operation { return waiting(q, operations.None{}) }))
	case operations.Stop:
		return queried(operate(s, op, func(q dto.StopQuery) operations.Operation {
			return waiting(q.WaitQuery, operations.Stop{Timeout: q.Timeout, Signal: q.Signal})
		}))
	case operations.Kill:
		return queried(operate(s, op, func(q dto.KillQuery) operations.Operation {
			return waiting(q.WaitQuery, operations.Kill{Signal: q.Signal})
		}))
	case operations.Rename:
		return bodied(operate(s, op, func(in dto.Rename) operations.Operation {
			return operations.Operation{Params: operations.Rename(in)}
		}))
	case operations.Update:
		return bodied(operate(s, op, func(in dto.Limits) operations.Operation {
			return operations.Operation{Params: operations.Update(in)}
		}))
	case operations.Recreate:
		return bodied(operateRead(s, op, recreation))
	case operations.Remove:
		return queried(operate(s, op, func(q dto.RemoveQuery) operations.Operation {
			return operations.Operation{Params: operations.Remove(q)}
		}))
	}
	panic(fmt.Sprintf("operation %s: no endpoint reads its parameters, %T", op.Name, op.Params))
}

func recreation(in dto.Recreate) (operations.Operation, error) {
	limit, err := readLimit(in.Limit)
	return operations.Operation{Params: operations.Recreate{Image: in.Image, Pull: in.Pull}, Wait: in.Wait, Limit: limit}, err
}

// readLimit reads the limit of a wait from a body; the empty text gives 0.
func readLimit(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	limit, problem := readDuration(text)
	if problem != "" {
		return 0, apperr.New(apperr.Invalid, "limit: %s", problem)
	}
	return limit, nil
}

func waiting(q dto.WaitQuery, p operations.Params) operations.Operation {
	return operations.Operation{Params: p, Wait: q.Wait, Limit: q.Limit}
}

// operate answers POST /v1/hosts/{host}/containers/{id}/<name>, or DELETE …/{id} for the operation that removes the container.
// asked converts the request's parameters to the operation.
func operate[Q any](s *Server, op service.Operation, asked func(Q) operations.Operation) func(http.ResponseWriter, *http.Request, service.Actor, Q) error {
	return operateRead(s, op, func(q Q) (operations.Operation, error) { return asked(q), nil })
}

// operateRead is operate for parameters whose conversion may fail.
func operateRead[Q any](s *Server, op service.Operation, asked func(Q) (operations.Operation, error)) func(http.ResponseWriter, *http.Request, service.Actor, Q) error {
	return func(w http.ResponseWriter, r *http.Request, actor service.Actor, q Q) error {
		operation, err := asked(q)
		if err != nil {
			return err
		}
		operation.Name = op.Name
		ref, err := containers.ParseRef(pathParam(r, "id"))
		if err != nil {
			return err
		}
		h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), op.Permission)
		if err != nil {
			return err
		}
		authorize := func() error { return h.Authorize(r.Context(), op.Name, ref) }
		return s.once(w, r, actor, http.StatusOK, authorize, func() ([]byte, error) {
			result, err := h.Operate(r.Context(), ref, operation)
			if err != nil {
				return nil, err
			}
			out := dto.OperationResult{Changed: result.Changed, Before: result.Before.Status, After: result.After.Status, NewID: result.NewID}
			if operation.Wait != "" {
				out.Reached = &result.Reached
			}
			return encodeData(out), nil
		})
	}
}

// operateStrictly answers /start2 and /stop2: it runs the operation on the container that the body names, and answers "" as the
// contract requires. If there is nothing to do, the answer is a conflict.
func (s *Server) operateStrictly(name string) func(http.ResponseWriter, *http.Request, service.Actor, dto.Target) error {
	return func(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.Target) error {
		if err := required(param{"id", in.ID}, param{"host", in.Host}); err != nil {
			return err
		}
		ref, err := containers.ParseRef(in.ID)
		if err != nil {
			return err
		}
		h, err := s.hosts.Open(r.Context(), actor, in.Host, service.PermissionOf(name))
		if err != nil {
			return err
		}
		if _, err := h.Operate(r.Context(), ref, operations.Operation{Name: name, Strict: true}); err != nil {
			return err
		}
		return respondBare(w, "")
	}
}
