// Package recreate makes the request that creates a container again from another image. It uses only the engine's answers to
// inspects of the container and of both images, and sends no requests.
//
// An inspect mixes the settings that the user gave with those that came from the image and those that the engine generated
// (addresses, a hostname from the id). A setting that equals the old image's is taken to come from it, and is left to the new
// image. Generated settings are left out. All other settings are passed on undecoded, including any that this package
// doesn't know.
package recreate

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Source is the input of Make.
type Source struct {
	Container          json.RawMessage // the answer to GET /containers/{id}/json
	OldImage, NewImage json.RawMessage // the answers to GET /images/{name}/json
	Image              string          // the image name for the new container
	// EndpointMACs: MAC addresses belong to endpoints (API 1.44 and later). In earlier versions the container has one.
	EndpointMACs bool
}

// Spec describes how to create the new container.
type Spec struct {
	Body     json.RawMessage // of POST /containers/create
	Networks []Endpoint      // to connect after the creation: up to API 1.43, a create request takes only one
	// Disconnect is a network to disconnect after the creation: the engine connects the new container to it, but the old one
	// isn't in it. Usually empty.
	Disconnect string
	Labels     map[string]string // all labels of the new container, with those of the image
	Image      string            // the new image's id
	Platform   string            // of the new image, for example "linux/arm64"
	Health     bool              // whether the container will have a health check
}

// Endpoint is a container's connection to a network.
type Endpoint struct {
	Network string
	Body    json.RawMessage // the endpoint's settings
}

// Make returns how to create a container with the source's settings. It returns an error if an answer can't be decoded.
func Make(s Source) (Spec, error) {
	var c containerAnswer
	var oldImage, newImage imageAnswer
	for into, answer := range map[any]json.RawMessage{&c: s.Container, &oldImage: s.OldImage, &newImage: s.NewImage} {
		if err := json.Unmarshal(answer, into); err != nil {
			return Spec{}, fmt.Errorf("decode what the engine inspected: %w", err)
		}
	}
	if c.Config == nil || c.HostConfig == nil {
		c.Config, c.HostConfig = merged(c.Config, nil), merged(c.HostConfig, nil)
	}
	was, err := decodeConfig(c.Config)
	if err != nil {
		return Spec{}, err
	}
	host, err := decodeHost(c.HostConfig)
	if err != nil {
		return Spec{}, err
	}
	own := was.without(&oldImage.Config, &c, host)
	own.apply(c.Config, s.Image)
	host.apply(c.HostConfig, &c)
	spec := Spec{
		Image: newImage.ID, Platform: newImage.platform(), Labels: merged(newImage.Config.Labels, own.Labels),
		Health: own.hasHealthCheck(&newImage.Config),
	}
	endpoints := c.endpoints(s.EndpointMACs)
	if s.EndpointMACs {
		delete(c.Config, "MacAddress")
	}
	first := c.primary(host.NetworkMode)
	body := c.Config
	body["HostConfig"] = encode(c.HostConfig)
	begins := map[string]json.RawMessage{} // the networks in the create request
	for _, e := range endpoints {
		switch {
		case e.Network == first:
			begins[host.key(first)] = e.Body
		case first != "" && s.EndpointMACs: // such an engine takes several networks, and MAC addresses only in a create request
			begins[e.Network] = e.Body
		default:
			spec.Networks = append(spec.Networks, e)
		}
	}
	if len(begins) > 0 {
		body["NetworkingConfig"] = encode(map[string]any{"EndpointsConfig": begins})
	}
	if first == "" && host.isNetwork() && !was.NetworkDisabled {
		spec.Disconnect = host.key("bridge")
	}
	spec.Body = encode(body)
	return spec, nil
}

// containerAnswer has the fields of a container's inspect that are used or passed on.
type containerAnswer struct {
	ID              string `json:"Id"`
	Name            string
	Config          object
	HostConfig      object
	Mounts          []mountPoint
	NetworkSettings struct {
		Networks map[string]object
	}
}

func (c *containerAnswer) shortID() string { return c.ID[:min(len(c.ID), 12)] }

// imageAnswer has the fields in use of an image's inspect.
type imageAnswer struct {
	ID                        string `json:"Id"`
	Os, Architecture, Variant string
	Config                    config
}

func (i *imageAnswer) platform() string {
	return strings.TrimSuffix(i.Os+"/"+i.Architecture+"/"+i.Variant, "/")
}

// object is a JSON object whose members stay encoded, so that those that aren't set are passed on unchanged.
type object map[string]json.RawMessage

func (o object) set(key string, v any) { o[key] = encode(v) }

// text returns a string member; "" if it is missing or no string.
func (o object) text(key string) (s string) {
	_ = json.Unmarshal(o[key], &s)
	return s
}

// encode encodes a value that consists of strings, or was decoded from JSON, so that encoding can't fail.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// merged returns a new map with the entries of both, never nil. Entries of over win.
func merged[M ~map[string]V, V any](under, over M) M {
	all := M{}
	maps.Copy(all, under)
	maps.Copy(all, over)
	return all
}
