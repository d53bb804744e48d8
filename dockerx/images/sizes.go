package images

import (
	"encoding/json"
	"io"
	"strings"
)

// Sizes are the sizes on disk of what a host has, in bytes. Those that the engine doesn't report are missing.
type Sizes struct {
	Images     map[string]int64 // by id; without layers shared with other images
	Volumes    map[string]int64 // by name
	Containers map[string]int64 // by id; the container's own files
}

// DecodeSizes decodes an engine's answer to GET /system/df.
func DecodeSizes(body io.Reader) (Sizes, error) {
	var answer struct {
		Images []struct {
			ID               string `json:"Id"`
			Size, SharedSize int64
		}
		Containers []struct {
			ID     string `json:"Id"`
			SizeRw int64
		}
		Volumes []struct {
			Name      string
			UsageData *struct{ Size int64 }
		}
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return Sizes{}, err
	}
	s := Sizes{Images: map[string]int64{}, Volumes: map[string]int64{}, Containers: map[string]int64{}}
	for _, i := range answer.Images { // Podman's ids have no "sha256:" here
		s.Images["sha256:"+strings.TrimPrefix(i.ID, "sha256:")] = max(i.Size-max(i.SharedSize, 0), 0)
	}
	for _, c := range answer.Containers {
		s.Containers[c.ID] = max(c.SizeRw, 0)
	}
	for _, v := range answer.Volumes {
		if v.UsageData != nil && v.UsageData.Size >= 0 {
			s.Volumes[v.Name] = v.UsageData.Size
		}
	}
	return s, nil
}
