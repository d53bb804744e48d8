// Package recreate makes the request that creates a container anew, with another image: of what an engine says of the
// container and of the two images, and of nothing else. It calls no engine.
//
// An engine's inspect mixes what a user asked for with what the image brought and what the engine made up (addresses,
// a hostname of the id). What equals the old image's value came from it, and is left to the new image. What the engine made
// up is left out. All else is passed on as it is, also what no version of this package knows: it is never decoded.
package recreate

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Source is what Make reads.
type Source struct {
	Container          json.RawMessage // the answer of GET /containers/{id}/json
	OldImage, NewImage json.RawMessage // the answers of GET /images/{name}/json
	Image              string          // how the new container names its image
	// EndpointMACs says that a network's endpoint takes a MAC address (API 1.44 and later). Before that the container has one.
	EndpointMACs bool
}

// Spec is how the new container is created.
type Spec struct {
	Body     json.RawMessage // of POST /containers/create
	Networks []Endpoint      // to be connected afterwards: API 1.43 and before take one at creation
	// Disconnect is a network that the creation connects it to and the old one isn't in; usually empty.
	Disconnect string
	Labels     map[string]string // as the engine will show them
	Image      string            // the new image's id
	Platform   string            // "linux/arm64" of the new image
	Health     bool              // it will have a health check
}

// Endpoint is a place in a network.
type Endpoint struct {
	Network string
	Body    json.RawMessage // of the endpoint's settings
}

// Make returns how to create a container like the source's. Errors are of answers that are no engine's.
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
	begins := map[string]json.RawMessage{} // the networks that it is created in
	for _, e := range endpoints {
		switch {
		case e.Network == first:
			begins[host.key(first)] = e.Body
		case first != "" && s.EndpointMACs: // such an engine takes them all, and a MAC address at a creation alone
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

// containerAnswer is the parts of a container's inspect that are read or passed on.
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

// imageAnswer is the parts of an image's inspect that are read.
type imageAnswer struct {
	ID                        string `json:"Id"`
	Os, Architecture, Variant string
	Config                    config
}

func (i *imageAnswer) platform() string {
	return strings.TrimSuffix(i.Os+"/"+i.Architecture+"/"+i.Variant, "/")
}

// object is a JSON object whose members stay as they came unless they are set.
type object map[string]json.RawMessage

func (o object) set(key string, v any) { o[key] = encode(v) }

// text returns a member that is a text; "" for anything else.
func (o object) text(key string) (s string) {
	_ = json.Unmarshal(o[key], &s)
	return s
}

// encode is for what was decoded before, or is made of texts: it can't fail.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// merged is a new map of both, never nil.
func merged[M ~map[string]V, V any](under, over M) M {
	all := M{}
	maps.Copy(all, under)
	maps.Copy(all, over)
	return all
}
