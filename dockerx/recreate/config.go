package recreate

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// config has the settings of a container that may come from its image, and NetworkDisabled, which never does.
type config struct {
	Hostname     string
	Domainname   string
	User         string
	WorkingDir   string
	StopSignal   string
	Env          []string
	Cmd          []string
	Entrypoint   []string
	Shell        []string
	Labels       map[string]string
	ExposedPorts map[string]struct{}
	Volumes      map[string]struct{}
	Healthcheck  healthcheck

	NetworkDisabled bool
}

// healthcheck holds the fields of a health check. A container inherits the fields that it doesn't set from its image.
type healthcheck map[string]any

func decodeConfig(o object) (*config, error) {
	c := &config{}
	if err := json.Unmarshal(encode(o), c); err != nil {
		return nil, fmt.Errorf("decode a container's configuration: %w", err)
	}
	return c, nil
}

// without returns the settings that the user gave: without those that came from the old image or that the engine generated.
func (c config) without(image *config, of *containerAnswer, host *hostConfig) *config {
	if c.Hostname == of.shortID() || host.sharesHostname() {
		c.Hostname = ""
	}
	if host.sharesHostname() {
		c.Domainname = ""
	}
	for mine, its := range map[*string]string{&c.User: image.User, &c.WorkingDir: image.WorkingDir, &c.StopSignal: image.StopSignal} {
		if *mine == its {
			*mine = ""
		}
	}
	if slices.Equal(c.Shell, image.Shell) {
		c.Shell = nil
	}
	c.Env = slices.DeleteFunc(slices.Clone(c.Env), func(e string) bool {
		return slices.Contains(image.Env, e)
	})
	c.Labels = maps.Clone(c.Labels)
	maps.DeleteFunc(c.Labels, func(k, v string) bool { its, has := image.Labels[k]; return has && its == v })
	c.ExposedPorts = maps.Clone(c.ExposedPorts)
	maps.DeleteFunc(c.ExposedPorts, func(port string, _ struct{}) bool {
		_, has := image.ExposedPorts[port]
		_, published := host.PortBindings[port]
		return has && !published
	})
	c.Volumes = maps.Clone(c.Volumes)
	maps.DeleteFunc(c.Volumes, func(path string, _ struct{}) bool { _, has := image.Volumes[path]; return has })
	c.Entrypoint, c.Cmd = ownCommand(&c, image)
	c.Healthcheck = c.Healthcheck.without(image.Healthcheck)
	return &c
}

// ownCommand returns the entrypoint and the command that the user gave. An engine uses the image's command only together with
// the image's entrypoint; [""] means no entrypoint.
func ownCommand(c, image *config) (entrypoint, cmd []string) {
	switch {
	case len(c.Entrypoint) == 0 && len(image.Entrypoint) > 0:
		return []string{""}, c.Cmd
	case !slices.Equal(c.Entrypoint, image.Entrypoint):
		return c.Entrypoint, c.Cmd
	case slices.Equal(c.Cmd, image.Cmd):
		return nil, nil
	case len(c.Cmd) == 0:
		return c.Entrypoint, nil
	}
	return nil, c.Cmd
}

func (h healthcheck) without(image healthcheck) healthcheck {
	if reflect.DeepEqual(h, image) {
		return nil
	}
	own := maps.Clone(h)
	maps.DeleteFunc(own, func(field string, v any) bool { return reflect.DeepEqual(v, image[field]) })
	return own
}

// hasHealthCheck reports whether a container with these settings and the new image has a health check; ["NONE"] disables the
// image's.
func (c *config) hasHealthCheck(image *config) bool {
	test, _ := c.Healthcheck["Test"].([]any)
	if len(test) == 0 {
		test, _ = image.Healthcheck["Test"].([]any)
	}
	return len(test) > 0 && test[0] != "NONE"
}

// apply sets these settings and the image in o, the configuration that the engine returned.
func (c *config) apply(o object, image string) {
	o.set("Image", image)
	for key, v := range map[string]string{
		"Hostname": c.Hostname, "Domainname": c.Domainname, "User": c.User, "WorkingDir": c.WorkingDir, "StopSignal": c.StopSignal,
	} {
		o.set(key, v)
	}
	for key, v := range map[string][]string{"Env": c.Env, "Cmd": c.Cmd, "Entrypoint": c.Entrypoint, "Shell": c.Shell} {
		o.set(key, v)
	}
	o.set("Labels", c.Labels)
	o.set("ExposedPorts", c.ExposedPorts)
	o.set("Volumes", c.Volumes)
	delete(o, "Healthcheck")
	if len(c.Healthcheck) > 0 {
		o.set("Healthcheck", c.Healthcheck)
	}
	delete(o, "OnBuild") // only for images
}
