package dockerapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// paramsOf reads an operation's parameters from a request.
type paramsOf func(w http.ResponseWriter, r *http.Request) (operations.Params, error)

// operation returns a handler that runs the named operation on a container and answers 204. If there was nothing to do, start
// and stop answer 304, as in Docker's API, and the other operations answer what Docker does.
func (a *API) operation(name string, params paramsOf) handler {
	return func(w http.ResponseWriter, r *http.Request, c *Call) error {
		result, err := operate(w, r, c, name, params)
		if err != nil {
			return err
		}
		status := http.StatusNoContent
		if !result.Changed && (name == "start" || name == "stop") {
			status = http.StatusNotModified
		}
		w.WriteHeader(status)
		return nil
	}
}

func operate(w http.ResponseWriter, r *http.Request, c *Call, name string, params paramsOf) (result operations.Result, err error) {
	o := operations.Operation{Name: name, Strict: name == "pause" || name == "unpause"}
	if params != nil {
		if o.Params, err = params(w, r); err != nil {
			return result, err
		}
	}
	ref, err := c.ref()
	if err != nil {
		return result, err
	}
	return c.host.Operate(r.Context(), ref, o)
}

// update answers POST /containers/{id}/update.
func (a *API) update(w http.ResponseWriter, r *http.Request, c *Call) error {
	if _, err := operate(w, r, c, "update", updateParams); err != nil {
		return err
	}
	return answer(w, http.StatusOK, struct{ Warnings []string }{})
}

func stopParams(_ http.ResponseWriter, r *http.Request) (operations.Params, error) {
	q := queryOf(r)
	return operations.Stop{Timeout: q.optional("t"), Signal: strings.ToUpper(q.text("signal"))}, q.err
}

func killParams(_ http.ResponseWriter, r *http.Request) (operations.Params, error) {
	return operations.Kill{Signal: strings.ToUpper(queryOf(r).text("signal"))}, nil
}

func renameParams(_ http.ResponseWriter, r *http.Request) (operations.Params, error) {
	return operations.Rename{Name: strings.TrimPrefix(queryOf(r).text("name"), "/")}, nil
}

func removeParams(_ http.ResponseWriter, r *http.Request) (operations.Params, error) {
	q := queryOf(r)
	return operations.Remove{Force: q.on("force"), Volumes: q.on("v")}, nil
}

// limits are the fields of an update's body that may be changed. Docker's clients also send all other fields, with zero for those
// that stay unchanged.
type limits struct {
	Memory, MemorySwap int64
	NanoCPUs           int64 `json:"NanoCpus"`
	CPUPeriod          int64 `json:"CpuPeriod"`
	CPUQuota           int64 `json:"CpuQuota"`
	PidsLimit          *int64
	RestartPolicy      struct {
		Name              string
		MaximumRetryCount int
	}
}

func updateParams(w http.ResponseWriter, r *http.Request) (operations.Params, error) {
	var raw json.RawMessage
	var body map[string]any
	var in limits
	if err := decode(w, r, &raw); err != nil {
		return nil, err
	}
	if err := errors.Join(json.Unmarshal(raw, &body), json.Unmarshal(raw, &in)); err != nil {
		return nil, apperr.Wrap(apperr.Invalid, err, "the body is not the JSON object that is expected: %.200s", err)
	}
	for name, value := range body {
		if !isZero(value) && !changeable(name) {
			return nil, apperr.New(apperr.Forbidden, "changing %.60q is not in the typed tier of this API: it takes an admin's key of the scope docker", name)
		}
	}
	return in.params()
}

// changeable reports whether a limit can be changed. It ignores the case of the name, as encoding/json does.
func changeable(name string) bool {
	switch strings.ToLower(name) {
	case "memory", "memoryswap", "nanocpus", "cpuperiod", "cpuquota", "pidslimit", "restartpolicy":
		return true
	}
	return false
}

// isZero reports whether a JSON value is null, zero or empty.
func isZero(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case float64:
		return v == 0
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inner := range v {
			if !isZero(inner) {
				return false
			}
		}
		return true
	}
	return false
}

func (in *limits) params() (operations.Params, error) {
	var p operations.Update
	if in.Memory != 0 {
		p.Memory = &in.Memory
	}
	if in.MemorySwap != 0 {
		p.MemorySwap = &in.MemorySwap
	}
	if in.PidsLimit != nil && *in.PidsLimit != 0 {
		p.Pids = in.PidsLimit
	}
	switch {
	case in.NanoCPUs != 0 && (in.CPUQuota != 0 || in.CPUPeriod != 0):
		return nil, apperr.New(apperr.Invalid, "Conflicting options: CPU Quota or Period cannot be updated as NanoCPUs has already been set")
	case in.NanoCPUs != 0:
		cpus := float64(in.NanoCPUs) / 1e9
		p.CPUs = &cpus
	case in.CPUQuota != 0 || in.CPUPeriod != 0:
		return nil, apperr.New(apperr.Forbidden, "changing CpuQuota or CpuPeriod is not in the typed tier of this API, NanoCpus (--cpus) is")
	}
	p.RestartPolicy = in.RestartPolicy.Name
	if n := in.RestartPolicy.MaximumRetryCount; n > 0 {
		p.RestartPolicy += ":" + strconv.Itoa(n)
	}
	return p, nil
}
