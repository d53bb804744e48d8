package dockerapi

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/events"
	"wharf/dockerx/stats"
	"wharf/dockerx/wire"
)

// rows returns containers, the newest first.
func rows() []wire.Row {
	return []wire.Row{
		{
			ID: "c3", Names: []string{"/web"}, Image: "nginx:1.27", ImageID: "sha256:aaaa1111", State: "running", Status: "Up 2 hours (healthy)",
			Labels: map[string]string{"team": "web", "tier": ""}, Ports: []wire.Port{{PrivatePort: 80, PublicPort: 8080, Type: "tcp"}},
			NetworkSettings: wire.RowNetworks{Networks: map[string]*wire.Endpoint{"front": {NetworkID: "0123456789"}, "broken": nil}},
			Mounts:          []wire.Mount{{Type: "volume", Name: "data", Destination: "/srv"}},
		},
		{ID: "b2", Names: []string{"/db"}, Image: "postgres", State: "exited", Status: "Exited (3) 5 minutes ago", Labels: map[string]string{"team": "db"}},
		{ID: "a1", Names: []string{"/webhook"}, Image: "hook", State: "paused", Status: "Up 1 second (Paused)", Labels: map[string]string{}},
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filters string
		all     bool
		want    []string
	}{
		{``, false, []string{"c3", "a1"}},
		{`{}`, true, []string{"c3", "b2", "a1"}},
		{`{"name":{"web":true}}`, true, []string{"c3", "a1"}},
		{`{"name":["^web$"]}`, true, []string{"c3"}},
		{`{"name":{"^/web$":true}}`, true, []string{"c3"}},
		{`{"name":{"(":true}}`, true, nil},
		{`{"id":{"b":true}}`, true, []string{"b2"}},
		{`{"label":{"team":true}}`, true, []string{"c3", "b2"}},
		{`{"label":{"team=web":true,"tier":true}}`, true, []string{"c3"}},
		{`{"label":{"team=web":true,"tier=x":true}}`, true, nil},
		{`{"status":{"exited":true}}`, true, []string{"b2"}},
		{`{"exited":{"3":true}}`, true, []string{"b2"}},
		{`{"exited":{"0":true}}`, true, nil},
		{`{"health":{"healthy":true}}`, true, []string{"c3"}},
		{`{"health":{"none":true}}`, true, []string{"b2", "a1"}},
		{`{"ancestor":{"postgres":true}}`, true, []string{"b2"}},
		{`{"ancestor":{"aaaa":true}}`, true, []string{"c3"}},
		{`{"ancestor":{"nginx":true}}`, true, nil},
		{`{"network":{"front":true}}`, true, []string{"c3"}},
		{`{"network":{"01234":true}}`, true, []string{"c3"}},
		{`{"network":{"0":true}}`, true, nil},
		{`{"volume":{"data":true}}`, true, []string{"c3"}},
		{`{"volume":{"/srv":true}}`, true, []string{"c3"}},
		{`{"publish":{"8080":true}}`, true, []string{"c3"}},
		{`{"publish":{"80":true}}`, true, nil},
		{`{"expose":{"70-90/tcp":true}}`, true, []string{"c3"}},
		{`{"expose":{"80/udp":true}}`, true, nil},
		{`{"before":{"db":true}}`, true, []string{"a1"}},
		{`{"since":{"db":true}}`, true, []string{"c3"}},
		{`{"since":{"webhook":true},"before":{"web":true}}`, true, []string{"b2"}},
	} {
		f, err := parseFilters(c.filters, listFilters...)
		require.NoError(t, err, c.filters)
		l := containerList{filters: f, all: c.all}
		require.NoError(t, l.check(), c.filters)
		list, err := l.between(rows())
		require.NoError(t, err, c.filters)
		var got []string
		for i := range list {
			if l.selects(&list[i]) {
				got = append(got, list[i].ID)
			}
		}
		require.Equal(t, c.want, got, c.filters)
	}
}

func TestBadFiltersAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"nme":{"web":true}}`, `{"status":{"running":true},"x":{}}`, `[]`, `"x"`, `{`, `{"name":1}`, `{"name":{"a":1}}`,
	} {
		_, err := parseFilters(text, listFilters...)
		require.Error(t, err, text)
	}
	for _, text := range []string{`{"status":{"up":true}}`, `{"health":{"fine":true}}`, `{"exited":{"x":true}}`} {
		f, err := parseFilters(text, listFilters...)
		require.NoError(t, err)
		require.Error(t, (&containerList{filters: f}).check(), text)
	}
	for _, text := range []string{`{"before":{"nothing":true}}`, `{"since":{"../images":true}}`} {
		f, err := parseFilters(text, listFilters...)
		require.NoError(t, err)
		_, err = (&containerList{filters: f}).between(rows())
		require.Error(t, err, text)
	}
}

func TestEventFilters(t *testing.T) {
	t.Parallel()
	start := &events.Event{
		Type: "container", Action: "start", ActorID: "c3aaaaaaaaaa", ActorName: "web",
		Attrs: map[string]string{"image": "nginx:1.27", "name": "web", "team": "web"},
	}
	exec := &events.Event{Type: "container", Action: "exec_start: sh", ActorID: "b2", ActorName: "db", Attrs: map[string]string{"image": "r:5000/db"}}
	connect := &events.Event{Type: "network", Action: "connect", ActorID: "n1", ActorName: "front", Attrs: map[string]string{"container": "c3aaaaaaaaaa"}}
	all := []*events.Event{start, exec, connect}
	for filters, want := range map[string][]*events.Event{
		``:                                         all,
		`{"type":{"network":true}}`:                {connect},
		`{"event":{"start":true}}`:                 {start},
		`{"event":{"exec_start":true}}`:            {exec},
		`{"container":{"web":true}}`:               {start},
		`{"container":{"c3aa":true}}`:              {start},
		`{"container":{"c3aaaaaaaaaa":true}}`:      {start},
		`{"network":{"front":true}}`:               {connect},
		`{"image":{"nginx":true}}`:                 {start},
		`{"image":{"r:5000/db":true}}`:             {exec},
		`{"label":{"team=web":true}}`:              {start},
		`{"scope":{"swarm":true}}`:                 nil,
		`{"scope":{"local":true},"daemon":{}}`:     all,
		`{"daemon":{"x":true}}`:                    nil,
		`{"container":{"web":true,"db":true}}`:     {start, exec},
		`{"type":{"container":true,"image":true}}`: {start, exec},
	} {
		f, err := parseFilters(filters, eventFilters...)
		require.NoError(t, err, filters)
		e := &eventRequest{filters: f}
		got := slices.DeleteFunc(slices.Clone(all), func(v *events.Event) bool { return !e.selects(v) })
		if want == nil {
			require.Empty(t, got, filters)
			continue
		}
		require.Equal(t, want, got, filters)
	}
}

func TestImageFilters(t *testing.T) {
	t.Parallel()
	images := []wire.Image{
		{ID: "1", RepoTags: []string{"library/nginx:1.27", "library/nginx:latest"}, Size: 5, Labels: map[string]string{"a": "b"}},
		{ID: "2", RepoTags: []string{"<none>:<none>"}},
		{ID: "3"},
	}
	for filters, want := range map[string][]string{
		``:                                   {"1", "2", "3"},
		`{"dangling":{"true":true}}`:         {"2", "3"},
		`{"dangling":{"false":true}}`:        {"1"},
		`{"label":{"a=b":true}}`:             {"1"},
		`{"reference":{"nginx":true}}`:       {"1"},
		`{"reference":{"*/nginx:1.*":true}}`: {"1"},
		`{"reference":{"redis":true}}`:       {},
	} {
		f, err := parseFilters(filters, "dangling", "label", "reference")
		require.NoError(t, err)
		got := []string{}
		for _, i := range selectImages(slices.Clone(images), f, &Call{api: "1.41"}) {
			require.Equal(t, i.Size, i.VirtualSize, "before 1.44")
			got = append(got, i.ID)
		}
		require.Equal(t, want, got, filters)
	}
	require.Zero(t, selectImages(images, filters{}, &Call{api: "1.44"})[0].VirtualSize)
}

// Docker's formula, applied to the converted usage, must give the original percentage.
func TestStatsGiveTheUsageBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, percent := range []float64{0, 0.25, 99.5, 380} {
		for _, total := range []uint64{0, 1e15} {
			s := statsOf(stats.Usage{Running: true, SampledAt: at, CPUPercent: percent, CPUTotal: total, MemoryUsage: 7, MemoryLimit: 9, NetworkRx: 3, Pids: 2}, 4)
			used := float64(s.CPU.Usage.Total) - float64(s.Before.Usage.Total)
			whole := float64(s.CPU.System) - float64(s.Before.System)
			require.InDelta(t, percent, used/whole*float64(s.CPU.Online)*100, 0.01)
			require.EqualValues(t, 7, s.Memory.Usage-s.Memory.Stats["inactive_file"])
			require.EqualValues(t, 3, s.Networks["eth0"].RxBytes)
		}
	}
	idle := statsOf(stats.Usage{ID: "x", SampledAt: at, CPUPercent: 5}, 4)
	require.True(t, idle.Read.IsZero())
	require.Zero(t, idle.CPU)
	require.NotContains(t, string(encode(idle)), "null")
}
