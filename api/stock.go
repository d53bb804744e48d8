package api

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"wharf/api/dto"
	"wharf/dockerx/images"
	"wharf/service"
	"wharf/util/apperr"
)

// listImages answers GET /v1/images.
func (s *Server) listImages(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.ImageQuery) error {
	filter := stockFilter(q.StockQuery)
	filter.Dangling = choice(q.Dangling)
	all, answers, err := s.hosts.Images(r.Context(), actor, filter)
	if err != nil {
		return err
	}
	rows, cursor, err := stockPage(all, q.StockQuery, func(i *service.Hosted[images.Row]) string { return first(i.Is.Tags) + "\x00" + i.Is.ID })
	if err != nil {
		return err
	}
	return respondData(w, dto.ImagePage{Images: rowsOf(rows, rowOfImage), Hosts: hostAnswers(answers), Cursor: cursor})
}

// listVolumes answers GET /v1/volumes.
func (s *Server) listVolumes(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.StockQuery) error {
	all, answers, err := s.hosts.Volumes(r.Context(), actor, stockFilter(q))
	if err != nil {
		return err
	}
	rows, cursor, err := stockPage(all, q, func(v *service.Hosted[images.Volume]) string { return v.Is.Name })
	if err != nil {
		return err
	}
	return respondData(w, dto.VolumePage{Volumes: rowsOf(rows, rowOfVolume), Hosts: hostAnswers(answers), Cursor: cursor})
}

// listNetworks answers GET /v1/networks.
func (s *Server) listNetworks(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.StockQuery) error {
	all, answers, err := s.hosts.Networks(r.Context(), actor, stockFilter(q))
	if err != nil {
		return err
	}
	rows, cursor, err := stockPage(all, q, func(n *service.Hosted[images.Network]) string { return n.Is.Name + "\x00" + n.Is.ID })
	if err != nil {
		return err
	}
	return respondData(w, dto.NetworkPage{Networks: rowsOf(rows, rowOfNetwork), Hosts: hostAnswers(answers), Cursor: cursor})
}

func stockFilter(q dto.StockQuery) service.StockFilter {
	return service.StockFilter{Hosts: q.Host, Names: q.Name, Labels: q.Label, Text: q.Text, InUse: choice(q.InUse)}
}

// choice returns nil for an empty s, else whether s is "true".
func choice(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

func first(all []string) string {
	if len(all) == 0 {
		return "\xff" // images without a name come last
	}
	return all[0]
}

// stockPage sorts rows by host and key, which must be unique within a host, and returns one page of them. The cursor holds the
// key of the page's last row, so that the next page begins after it even if that row is gone.
func stockPage[T any](all []service.Hosted[T], q dto.StockQuery, key func(*service.Hosted[T]) string) (page []service.Hosted[T], cursor string, err error) {
	type keyed struct {
		key string
		row *service.Hosted[T]
	}
	rows := make([]keyed, len(all))
	for i := range all {
		rows[i] = keyed{all[i].Host + "\x00" + key(&all[i]), &all[i]}
	}
	slices.SortFunc(rows, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	if q.Cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		if err != nil {
			return nil, "", apperr.New(apperr.Invalid, "cursor: not one of ours")
		}
		begin := slices.IndexFunc(rows, func(k keyed) bool { return k.key > string(after) })
		if begin < 0 {
			begin = len(rows)
		}
		rows = rows[begin:]
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		cursor = base64.RawURLEncoding.EncodeToString([]byte(rows[q.Limit-1].key))
	}
	page = make([]service.Hosted[T], len(rows))
	for i := range rows {
		page[i] = *rows[i].row
	}
	return page, cursor, nil
}

func usedBy(all []service.UsedBy) []dto.UsedBy {
	return rowsOf(all, func(u service.UsedBy) dto.UsedBy { return dto.UsedBy{ID: u.ID, Name: u.Name} })
}

func rowOfImage(i service.Hosted[images.Row]) dto.Image {
	return dto.Image{
		Host: i.Host, ID: i.Is.ID, Tags: i.Is.Tags, Digests: i.Is.Digests, Created: i.Is.Created, Size: i.Is.Size,
		Dangling: i.Is.Dangling(), Labels: i.Is.Labels, UsedBy: usedBy(i.UsedBy),
	}
}

func rowOfVolume(v service.Hosted[images.Volume]) dto.Volume {
	return dto.Volume{
		Host: v.Host, Name: v.Is.Name, Driver: v.Is.Driver, Created: present(v.Is.Created), Anonymous: v.Is.Anonymous(),
		Labels: v.Is.Labels, UsedBy: usedBy(v.UsedBy),
	}
}

func rowOfNetwork(n service.Hosted[images.Network]) dto.Network {
	return dto.Network{
		Host: n.Host, ID: n.Is.ID, Name: n.Is.Name, Driver: n.Is.Driver, Scope: n.Is.Scope, Internal: n.Is.Internal,
		Builtin: n.Is.Builtin(), Created: present(n.Is.Created), Subnets: n.Is.Subnets, Labels: n.Is.Labels, UsedBy: usedBy(n.UsedBy),
	}
}

// removeImage answers DELETE /v1/hosts/{host}/images/{id}.
func (s *Server) removeImage(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.OperateHost)
	if err != nil {
		return err
	}
	return removed(w, h.RemoveImage(r.Context(), pathParam(r, "id")))
}

// removeVolume answers DELETE /v1/hosts/{host}/volumes/{id}.
func (s *Server) removeVolume(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.OperateHost)
	if err != nil {
		return err
	}
	return removed(w, h.RemoveVolume(r.Context(), pathParam(r, "id")))
}

// removeNetwork answers DELETE /v1/hosts/{host}/networks/{id}.
func (s *Server) removeNetwork(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.OperateHost)
	if err != nil {
		return err
	}
	return removed(w, h.RemoveNetwork(r.Context(), pathParam(r, "id")))
}

func removed(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return respondData(w, "removed")
}

// kinds maps the API's names of what can be pruned to the service's names.
var kinds = map[string]string{
	"containers": service.KindContainer, "images": service.KindImage, "volumes": service.KindVolume, "networks": service.KindNetwork,
}

// prune answers POST /v1/prune.
func (s *Server) prune(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.PruneRequest) error {
	request := service.PruneRequest{Hosts: in.Hosts, All: in.All, DryRun: in.DryRun == nil || *in.DryRun}
	for _, what := range in.What {
		kind, ok := kinds[what]
		if !ok {
			return apperr.New(apperr.Invalid, "what: expected containers, images, volumes and networks, got %.40q", what)
		}
		request.Kinds = append(request.Kinds, kind)
	}
	if len(request.Kinds) == 0 {
		return apperr.New(apperr.Invalid, "what: missing")
	}
	if in.Only != nil {
		request.Only = make([]service.PruneOnly, len(in.Only))
		for i, o := range in.Only {
			request.Only[i] = service.PruneOnly{Host: o.Host, Kind: kinds[o.What], IDs: o.IDs}
		}
	}
	items, answers, err := s.hosts.Prune(r.Context(), actor, request)
	if err != nil {
		return err
	}
	out := dto.Pruned{DryRun: request.DryRun, Items: rowsOf(items, rowOfPruned), Hosts: hostAnswers(answers)}
	for _, item := range items {
		if item.State != service.PruneKept {
			out.Freed += item.Bytes
		}
	}
	return respondData(w, out)
}

func rowOfPruned(i service.PruneItem) dto.PruneItem {
	return dto.PruneItem{Host: i.Host, What: i.Kind + "s", ID: i.ID, Name: i.Name, Bytes: i.Bytes, State: i.State, Detail: i.Detail}
}
