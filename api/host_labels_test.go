package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
)

func TestHostLabelsAreShownAndNarrowTheList(t *testing.T) {
	t.Parallel()
	host := func(name string, labels map[string]string) dockerx.HostConfig {
		return dockerx.HostConfig{Name: name, Addr: "tcp://127.0.0.1:1", Labels: labels}
	}
	w := setup(t, []dockerx.HostConfig{
		host("a", map[string]string{"site": "north", "rack": "7", "api-token": "hunter2"}),
		host("b", map[string]string{"site": "south"}),
		host("c", nil),
	})
	type row struct {
		Host   string
		Labels map[string]string
	}
	for query, want := range map[string][]string{
		"":                         {"a", "b", "c"},
		"?label=site":              {"a", "b"},
		"?label=site=north":        {"a"},
		"?label=site&label=rack=7": {"a"},
		"?label=site&label=rack=8": {},
		"?label=site=":             {},
		"?label=api-token=hunter2": {"a"},
	} {
		var rows []row
		w.get("/v1/hosts"+query).data(t, &rows)
		names := []string{}
		for _, r := range rows {
			names = append(names, r.Host)
		}
		require.Equal(t, want, names, query)
	}
	var one row
	w.get("/v1/hosts/a").data(t, &one)
	require.Equal(t, map[string]string{"site": "north", "rack": "7", "api-token": "hunter2"}, one.Labels)
	viewer := w.person("hong", "viewer")
	w.call("GET", "/v1/hosts/a", viewer, nil).data(t, &one)
	require.Equal(t, "***", one.Labels["api-token"])
	var rows []row
	w.call("GET", "/v1/hosts?label=api-token=hunter2", viewer, nil).data(t, &rows)
	require.Empty(t, rows, "a filter doesn't tell what is masked")
	require.Equal(t, http.StatusBadRequest, w.get("/v1/hosts?lable=site").status)
}
