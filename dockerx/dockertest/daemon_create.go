package dockertest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
)

// serveImage answers every inspect of an image with the same image, except for names that begin with "missing".
func (d *Daemon) serveImage(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("rest"), "/json")
	switch {
	case !ok:
		Fail(w, http.StatusNotFound, "page not found")
	case strings.HasPrefix(name, "missing"):
		Fail(w, http.StatusNotFound, "No such image: "+name)
	default:
		JSON(w, http.StatusOK, image.InspectResponse{ID: imageID, Os: "linux", Architecture: "amd64"})
	}
}

// serveCreate creates a container with the image, labels, environment and command of the body.
func (d *Daemon) serveCreate(w http.ResponseWriter, r *http.Request) {
	var body container.Config
	name := r.URL.Query().Get("name")
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	d.mu.Lock()
	for _, other := range d.containers {
		if other.Name == name {
			d.mu.Unlock()
			Fail(w, http.StatusConflict, "Conflict. The container name \"/"+name+"\" is already in use by container \""+other.ID+"\".")
			return
		}
	}
	d.mu.Unlock()
	id := d.Add(Container{Name: name, State: "created", Image: body.Image, Labels: body.Labels, Env: body.Env, Cmd: body.Cmd})
	JSON(w, http.StatusCreated, container.CreateResponse{ID: id})
}
