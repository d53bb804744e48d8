package dockertest

import (
	"net/http"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
)

// stockRoutes registers the answers for one image, which all containers use, a volume and two networks. Removals succeed
// without effect.
func (d *Daemon) stockRoutes() {
	m := d.standard
	m.HandleFunc("GET /images/json", func(w http.ResponseWriter, _ *http.Request) {
		JSON(w, http.StatusOK, []image.Summary{{
			ID: imageID, RepoTags: []string{"nginx:1.27"}, RepoDigests: []string{"nginx@" + imageID}, Created: 1_700_000_000, Size: 72_000_000,
			SharedSize: -1, Containers: -1, Labels: map[string]string{"maintainer": "nginx"},
		}})
	})
	m.HandleFunc("DELETE /images/{name...}", func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("name"); name != imageID && name != "nginx:1.27" {
			Fail(w, http.StatusNotFound, "No such image: "+name)
			return
		}
		JSON(w, http.StatusOK, []image.DeleteResponse{})
	})
	m.HandleFunc("POST /images/create", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"Pulling from library/nginx","id":"1.27"}` + "\n" +
			`{"status":"Already exists","progressDetail":{},"id":"0123456789ab"}` + "\n" + `{"status":"Digest: ` + imageID + `"}` + "\n"))
	})
	m.HandleFunc("GET /volumes", func(w http.ResponseWriter, _ *http.Request) {
		JSON(w, http.StatusOK, volume.ListResponse{Volumes: []*volume.Volume{{
			Name: "data", Driver: "local", CreatedAt: "2026-01-28T21:59:11Z", Labels: map[string]string{"backup": "daily"}, Scope: "local",
		}}})
	})
	m.HandleFunc("GET /networks", func(w http.ResponseWriter, _ *http.Request) {
		created := time.Unix(1_700_000_000, 0)
		JSON(w, http.StatusOK, []network.Summary{
			{ID: strings.Repeat("b", 64), Name: "bridge", Driver: "bridge", Scope: "local", Created: created},
			{ID: strings.Repeat("c", 64), Name: "back", Driver: "bridge", Scope: "local", Created: created, Labels: map[string]string{"team": "web"}},
		})
	})
	m.HandleFunc("DELETE /volumes/{name}", d.serveRemoval("data"))
	m.HandleFunc("DELETE /networks/{name}", d.serveRemoval(strings.Repeat("c", 64)))
	m.HandleFunc("GET /system/df", func(w http.ResponseWriter, _ *http.Request) {
		JSON(w, http.StatusOK, map[string]any{
			"Images":  []map[string]any{{"Id": imageID, "Size": 72_000_000, "SharedSize": 2_000_000}},
			"Volumes": []map[string]any{{"Name": "data", "UsageData": map[string]any{"Size": 4096, "RefCount": 0}}},
		})
	})
}

// HoldPulls makes each pull report 1 of 4 MB, and end when goOn is closed or the client disconnects.
func (d *Daemon) HoldPulls(goOn <-chan struct{}) {
	d.Handle("POST /images/create", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"status":"Downloading","id":"0123456789ab","progressDetail":{"current":1000000,"total":4000000}}` + "\n"))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-goOn:
		case <-r.Context().Done():
		}
	})
}

func (d *Daemon) serveRemoval(only string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("name"); name != only {
			Fail(w, http.StatusNotFound, "no such thing: "+name)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}
