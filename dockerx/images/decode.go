package images

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// DecodeRows decodes an engine's list of images. Unnamed images come without names, or, from some engines, with "<none>".
func DecodeRows(body io.Reader) (*Rows, error) {
	rows := &Rows{Images: []Row{}}
	err := decodeEach(body, func(raw struct {
		ID          string `json:"Id"`
		RepoTags    []string
		RepoDigests []string
		Created     int64
		Size        int64
		Labels      map[string]string
	},
	) error {
		if !IsID(raw.ID) {
			return fmt.Errorf("an image has no proper id: %.80q", raw.ID)
		}
		rows.Images = append(rows.Images, Row{
			ID: raw.ID, Tags: named(raw.RepoTags), Digests: named(raw.RepoDigests), Created: seconds(raw.Created), Size: max(raw.Size, 0), Labels: orEmpty(raw.Labels),
		})
		return nil
	})
	slices.SortStableFunc(rows.Images, func(a, b Row) int { return b.Created.Compare(a.Created) })
	return rows, err
}

// DecodeVolumes decodes an engine's list of volumes.
func DecodeVolumes(body io.Reader) (*Volumes, error) {
	var answer struct {
		Volumes []struct {
			Name, Driver, CreatedAt string
			Labels                  map[string]string
		}
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return nil, err
	}
	if len(answer.Volumes) > maxRows {
		return nil, errTooMany
	}
	all := &Volumes{Volumes: make([]Volume, 0, len(answer.Volumes))}
	for _, raw := range answer.Volumes {
		all.Volumes = append(all.Volumes, Volume{Name: raw.Name, Driver: raw.Driver, Created: moment(raw.CreatedAt), Labels: orEmpty(raw.Labels)})
	}
	slices.SortFunc(all.Volumes, func(a, b Volume) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// DecodeNetworks decodes an engine's list of networks.
func DecodeNetworks(body io.Reader) (*Networks, error) {
	all := &Networks{Networks: []Network{}}
	err := decodeEach(body, func(raw struct {
		ID                  string `json:"Id"`
		Name, Driver, Scope string
		Created             string
		Internal            bool
		Labels              map[string]string
		IPAM                struct{ Config []struct{ Subnet string } }
	},
	) error {
		n := Network{
			ID: raw.ID, Name: raw.Name, Driver: raw.Driver, Scope: raw.Scope, Internal: raw.Internal, Created: moment(raw.Created),
			Subnets: []string{}, Labels: orEmpty(raw.Labels),
		}
		for _, c := range raw.IPAM.Config {
			n.Subnets = append(n.Subnets, c.Subnet)
		}
		all.Networks = append(all.Networks, n)
		return nil
	})
	slices.SortFunc(all.Networks, func(a, b Network) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// DecodeUses decodes from an engine's list of containers what each container uses.
func DecodeUses(body io.Reader) (*Uses, error) {
	all := &Uses{Containers: []Use{}}
	err := decodeEach(body, func(raw useRow) error {
		if len(raw.ID) < 12 {
			return fmt.Errorf("a container has no proper id: %.80q", raw.ID)
		}
		all.Containers = append(all.Containers, raw.use())
		return nil
	})
	return all, err
}

type useRow struct {
	ID              string `json:"Id"`
	Names           []string
	ImageID         string
	State           string
	Created         int64
	SizeRw          int64
	Labels          map[string]string
	Mounts          []struct{ Type, Name string }
	NetworkSettings struct {
		Networks map[string]struct{ NetworkID string }
	}
}

func (r *useRow) use() Use {
	u := Use{ID: r.ID, Name: r.ID[:12], State: r.State, Created: seconds(r.Created), Image: r.ImageID, Labels: r.Labels, Bytes: max(r.SizeRw, 0)}
	if u.Image != "" && !strings.Contains(u.Image, ":") {
		u.Image = "sha256:" + u.Image
	}
	for _, name := range r.Names {
		if own := strings.TrimPrefix(name, "/"); own != "" && !strings.Contains(own, "/") {
			u.Name = own
			break
		}
	}
	for _, m := range r.Mounts {
		if m.Type == "volume" && m.Name != "" {
			u.Volumes = append(u.Volumes, m.Name)
		}
	}
	for name, n := range r.NetworkSettings.Networks {
		u.Networks = append(u.Networks, name)
		if n.NetworkID != "" {
			u.Networks = append(u.Networks, n.NetworkID)
		}
	}
	return u
}

var errTooMany = fmt.Errorf("more than %d rows", maxRows)

// smallList is the size in bytes below which a list is decoded at once, which takes two thirds of the time.
const smallList = 1 << 20

// decodeEach decodes a list and calls add with each row. A large list is decoded row by row, to save memory.
func decodeEach[R any](body io.Reader, add func(R) error) error {
	begin, err := io.ReadAll(io.LimitReader(body, smallList))
	if err != nil {
		return err
	}
	if len(begin) < smallList {
		var rows []R
		if err := json.Unmarshal(begin, &rows); err != nil {
			return err
		}
		for i := range rows {
			if err := add(rows[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return decodeRows(io.MultiReader(bytes.NewReader(begin), body), add)
}

func decodeRows[R any](body io.Reader, add func(R) error) error {
	dec := json.NewDecoder(body)
	if start, err := dec.Token(); err != nil || start == nil {
		return err // nil for null, which an engine may send for an empty list
	} else if start != json.Delim('[') {
		return fmt.Errorf("expected a list, got %v", start)
	}
	for n := 0; dec.More(); n++ {
		var row R
		if n >= maxRows {
			return errTooMany
		}
		if err := dec.Decode(&row); err != nil {
			return err
		}
		if err := add(row); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// named returns the names without placeholders for a missing name.
func named(names []string) []string {
	kept := make([]string, 0, len(names))
	for _, n := range names {
		if n != "" && !strings.HasPrefix(n, "<none>") {
			kept = append(kept, n)
		}
	}
	return kept
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// seconds converts a Unix time; it returns the zero time if that is out of range.
func seconds(n int64) time.Time { return sane(time.Unix(n, 0)) }

// moment parses an RFC 3339 time; it returns the zero time if that is invalid or out of range.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return sane(t)
}

func sane(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
