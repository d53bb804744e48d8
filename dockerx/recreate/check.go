package recreate

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/docker/docker/api/types/versions"

	"wharf/util/apperr"
)

// managed maps a label to the program that manages, and itself replaces, the containers with that label.
var managed = map[string]string{
	"com.docker.swarm.task.id": "Swarm", "io.kubernetes.pod.uid": "Kubernetes", "io.kubernetes.pod.name": "Kubernetes",
}

// Check returns an error for a container that can't be replaced in a way that allows restoring the old one. container is the
// engine's answer to an inspect. Errors: apperr.Conflict, with the reason.
func Check(container json.RawMessage) error {
	var c struct {
		State      struct{ Status string }
		Config     struct{ Labels map[string]string }
		HostConfig struct{ AutoRemove bool }
	}
	if err := json.Unmarshal(container, &c); err != nil {
		return fmt.Errorf("decode a container: %w", err)
	}
	switch {
	case c.HostConfig.AutoRemove:
		return apperr.New(apperr.Conflict, "the engine removes the container when it stops (--rm), so that it couldn't come back if the new one failed")
	case c.State.Status == "paused":
		return apperr.New(apperr.Conflict, "the container is paused: unpause it first")
	case c.State.Status == "removing", c.State.Status == "dead":
		return apperr.New(apperr.Conflict, "the container is being removed")
	}
	for label, manager := range managed {
		if _, has := c.Config.Labels[label]; has {
			return apperr.New(apperr.Conflict, "%s manages the container, and replaces it by itself", manager)
		}
	}
	return nil
}

// EndpointMACs reports whether in this API version MAC addresses belong to endpoints, not to containers.
func EndpointMACs(api string) bool { return versions.GreaterThanOrEqualTo(api, "1.44") }

// Platform returns an image's platform, for example "linux/amd64", from the engine's answer to an inspect.
func Platform(image json.RawMessage) (string, error) {
	var i imageAnswer
	if err := json.Unmarshal(image, &i); err != nil {
		return "", fmt.Errorf("decode an image: %w", err)
	}
	return i.platform(), nil
}

// RestartPolicy returns a container's restart policy, for example "on-failure:5", from the engine's answer to an inspect.
func RestartPolicy(container json.RawMessage) (string, error) {
	var c struct {
		HostConfig struct {
			RestartPolicy struct {
				Name              string
				MaximumRetryCount int
			}
		}
	}
	if err := json.Unmarshal(container, &c); err != nil {
		return "", fmt.Errorf("decode a container: %w", err)
	}
	p := c.HostConfig.RestartPolicy
	if p.Name == "on-failure" && p.MaximumRetryCount > 0 {
		return p.Name + ":" + strconv.Itoa(p.MaximumRetryCount), nil
	}
	return p.Name, nil
}
