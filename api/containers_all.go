package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"wharf/dockerx"
	"wharf/service"
	"wharf/util/apperr"
)

type hostedRow struct {
	Host    string            `json:"host"`
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Image   string            `json:"image"`
	State   string            `json:"state"`
	Status  string            `json:"status"`
	Created time.Time         `json:"created"`
	Labels  map[string]string `json:"labels"`
}

// hostAnswer says whether a host is part of an answer, and why not.
type hostAnswer struct {
	Host  string `json:"host"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

type containersPage struct {
	Containers []hostedRow  `json:"containers"`
	Hosts      []hostAnswer `json:"hosts"`
	Cursor     string       `json:"cursor"` // of the next page; empty on the last
}

var containerSorts = []string{"host", "-host", "name", "-name", "image", "-image", "state", "-state", "created", "-created"}

// listAllContainers answers GET /v1/containers and GET /v1/hosts/{host}/containers.
func (s *Server) listAllContainers(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	f := service.ContainerFilter{
		States: q.list("state"), Names: q.list("name"), Images: q.list("image"), Labels: q.list("label"), Text: q.text("q"),
	}
	host := pathParam(r, "host")
	single := host != ""
	if single {
		f.Hosts = []string{host}
	} else {
		f.Hosts = q.list("host")
	}
	by := q.choice("sort", containerSorts...)
	limit := q.number("limit", 500, 1, 5000)
	after := readCursor(q)
	if err := q.err(); err != nil {
		return err
	}
	all, answers, err := s.hosts.Containers(r.Context(), actor, f)
	if err != nil {
		return err
	}
	if single && answers[0].Err != nil {
		return answers[0].Err
	}
	order := service.ContainerOrder(by)
	slices.SortFunc(all, order)
	if after != nil {
		next := slices.IndexFunc(all, func(c service.HostedContainer) bool { return order(c, *after) > 0 })
		all = all[max(next, 0):]
		if next < 0 {
			all = nil
		}
	}
	return respondData(w, pageOf(all, answers, limit))
}

// readCursor returns the container after which the page begins: enough of it to find its
// place in the order even when it is gone by now. Nil where there is no cursor.
func readCursor(q *query) *service.HostedContainer {
	text := q.text("cursor")
	if text == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var row hostedRow
	if err != nil || json.Unmarshal(raw, &row) != nil {
		q.bad("cursor: not one of ours")
		return nil
	}
	return &service.HostedContainer{Host: row.Host, Container: dockerx.Container{
		ID: row.ID, Name: row.Name, Image: row.Image, State: row.State, Created: row.Created,
	}}
}

func writeCursor(last service.HostedContainer) string {
	row := rowOfHosted(last)
	row.Labels, row.Status = nil, ""
	return base64.RawURLEncoding.EncodeToString(encode(row))
}

func pageOf(all []service.HostedContainer, answers []service.HostResult, limit int) containersPage {
	page := containersPage{Containers: []hostedRow{}, Hosts: hostAnswers(answers)}
	if len(all) > limit {
		all = all[:limit]
		page.Cursor = writeCursor(all[limit-1])
	}
	for _, c := range all {
		page.Containers = append(page.Containers, rowOfHosted(c))
	}
	return page
}

func rowOfHosted(c service.HostedContainer) hostedRow {
	return hostedRow{
		Host: c.Host, ID: c.ID, Name: c.Name, Image: c.Image, State: c.State, Status: c.Status,
		Created: c.Created, Labels: c.Labels,
	}
}

func hostAnswers(answers []service.HostResult) []hostAnswer {
	rows := make([]hostAnswer, len(answers))
	for i, a := range answers {
		rows[i] = hostAnswer{Host: a.Host, OK: a.Err == nil, Error: reason(a.Err)}
	}
	return rows
}

// reason is what a caller may know of why a host is missing.
func reason(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := apperr.As(err); ok && e.Kind != apperr.Internal {
		return e.Msg
	}
	return "no answer in time"
}
