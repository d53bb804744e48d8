package dockerapi

import (
	"net/http"
	"strconv"

	"wharf/api/stream"
	"wharf/dockerx"
)

// ping answers GET and HEAD /_ping.
func (a *API) ping(w http.ResponseWriter, r *http.Request, c *Call) error {
	h := w.Header()
	c.describe(h)
	h.Set("Builder-Version", "1") // the typed tier doesn't build
	h.Set("Docker-Experimental", "false")
	h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", "2")
	if r.Method == http.MethodHead {
		h.Set("Content-Length", "0")
		return nil
	}
	_, _ = w.Write([]byte("OK"))
	return nil
}

// describe sets the headers by which clients recognize an engine.
func (c *Call) describe(h http.Header) {
	engine := c.host.Status()
	h.Set("Api-Version", c.newest)
	h.Set("Ostype", "linux")
	h.Set("Server", "Docker/"+engine.EngineVersion+" (linux)")
}

// engineVersion is the answer of GET /version.
type engineVersion struct {
	Platform      struct{ Name string }
	Components    []component
	Version       string
	APIVersion    string `json:"ApiVersion"`
	MinAPIVersion string
	GitCommit     string
	GoVersion     string
	Os            string
	Arch          string
	KernelVersion string
	BuildTime     string `json:",omitempty"`
}

type component struct {
	Name, Version string
	Details       map[string]string
}

func (a *API) version(w http.ResponseWriter, r *http.Request, c *Call) error {
	v, err := c.host.EngineVersion(r.Context())
	if err != nil {
		return err
	}
	out := versionOf(v)
	out.APIVersion, out.MinAPIVersion = c.newest, minVersion
	out.Components = []component{{Name: "Engine", Version: out.Version, Details: map[string]string{
		"ApiVersion": out.APIVersion, "MinAPIVersion": out.MinAPIVersion, "GitCommit": out.GitCommit, "GoVersion": out.GoVersion,
		"Os": out.Os, "Arch": out.Arch, "KernelVersion": out.KernelVersion, "BuildTime": out.BuildTime, "Experimental": "false",
	}}}
	return answer(w, http.StatusOK, out)
}

func versionOf(v dockerx.EngineVersion) engineVersion {
	out := engineVersion{
		Version: v.Version, GitCommit: v.GitCommit, GoVersion: v.GoVersion, Os: v.OS, Arch: v.Arch,
		KernelVersion: v.Kernel, BuildTime: v.BuildTime,
	}
	out.Platform.Name = v.Platform
	return out
}

// answer sends a value as JSON.
func answer(w http.ResponseWriter, status int, v any) error {
	body := encode(v)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// encode renders v as one line of JSON.
func encode(v any) []byte { return append(stream.Encode(v), '\n') }
