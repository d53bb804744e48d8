package dockerapi

import (
	"math"
	"net/http"

	"wharf/util/apperr"
)

// inspectContainer answers GET /containers/{id}/json.
func (a *API) inspectContainer(w http.ResponseWriter, r *http.Request, c *Call) error {
	ref, err := c.ref()
	if err != nil {
		return err
	}
	found, err := c.host.Wire(r.Context(), ref, queryOf(r).on("size"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, found)
}

// processes is the answer of GET /containers/{id}/top.
type processes struct {
	Titles    []string
	Processes [][]string
}

// listProcesses answers with Docker's default columns only: other columns of ps may show a process's environment.
func (a *API) listProcesses(w http.ResponseWriter, r *http.Request, c *Call) error {
	if args := queryOf(r).text("ps_args"); args != "" && args != "-ef" {
		return apperr.New(apperr.Forbidden, "ps_args %.60q are not in the typed tier of this API, only -ef is: they take an admin's key of the scope docker", args)
	}
	ref, err := c.ref()
	if err != nil {
		return err
	}
	p, err := c.host.Processes(r.Context(), ref)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, processes{p.Titles, p.Rows})
}

// resizeContainer answers POST /containers/{id}/resize.
func (a *API) resizeContainer(w http.ResponseWriter, r *http.Request, c *Call) error {
	ref, err := c.ref()
	if err != nil {
		return err
	}
	columns, rows, err := sizeOf(r)
	if err != nil {
		return err
	}
	if err := c.host.ResizeTTY(r.Context(), ref, columns, rows); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// sizeOf reads the size of a terminal, in characters.
func sizeOf(r *http.Request) (columns, rows uint16, err error) {
	q := queryOf(r)
	x, y := q.number("w", 0, math.MaxUint16), q.number("h", 0, math.MaxUint16)
	return uint16(x), uint16(y), q.err //nolint:gosec // bounded
}

// listImages answers GET /images/json.
func (a *API) listImages(w http.ResponseWriter, r *http.Request, c *Call) error {
	q := queryOf(r)
	f, err := parseFilters(q.text("filters"), "reference", "dangling", "label")
	if err != nil {
		return err
	}
	images, err := c.host.Images(r.Context(), q.on("all"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, selectImages(images, f, c))
}

// info answers GET /info.
func (a *API) info(w http.ResponseWriter, r *http.Request, c *Call) error {
	info, err := c.host.Info(r.Context())
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, info)
}
