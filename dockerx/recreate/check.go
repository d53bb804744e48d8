package recreate

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/docker/docker/api/types/versions"

	"wharf/util/apperr"
)

// managed are the labels of containers that another program creates anew by itself, and its name.
var managed = map[string]string{
	"com.docker.swarm.task.id": "Swarm", "io.kubernetes.pod.uid": "Kubernetes", "io.kubernetes.pod.name": "Kubernetes",
}

// Check returns an error, apperr.Conflict, for a container that can't be replaced by another so that the old one can still
// come back. container is the answer of its inspect.
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

// EndpointMACs says for a version of the API whether MAC addresses are those of endpoints in networks.
func EndpointMACs(api string) bool { return versions.GreaterThanOrEqualTo(api, "1.44") }

// Platform returns what an image is for, "linux/amd64", from the answer of its inspect.
func Platform(image json.RawMessage) (string, error) {
	var i imageAnswer
	if err := json.Unmarshal(image, &i); err != nil {
		return "", fmt.Errorf("decode an image: %w", err)
	}
	return i.platform(), nil
}

// RestartPolicy returns a container's restart policy, "on-failure:5", from the answer of its inspect.
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
