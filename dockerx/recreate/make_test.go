package recreate

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// made returns the decoded body of the create request, and the spec.
func made(t *testing.T, s Source) (map[string]any, Spec) {
	t.Helper()
	spec, err := Make(s)
	require.NoError(t, err)
	var body map[string]any
	require.NoError(t, json.Unmarshal(spec.Body, &body))
	return body, spec
}

func source(config, host, networks, image, next string) Source {
	return Source{
		Container: json.RawMessage(`{"Id":"` + id + `","Name":"/web","Config":` + config + `,"HostConfig":` + host + `,"NetworkSettings":{"Networks":` + networks + `}}`),
		OldImage:  json.RawMessage(`{"Id":"sha256:1","Os":"linux","Architecture":"amd64","Config":` + image + `}`),
		NewImage:  json.RawMessage(`{"Id":"sha256:2","Os":"linux","Architecture":"amd64","Config":` + next + `}`), Image: "web:2",
	}
}

// Settings that equal the old image's are left to the new image; all others are passed on.
func TestWhatCameFromTheImageIsLeftToTheNewOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ config, image, want string }{
		"env":                         {`{"Env":["A=1","B=own","C=3"]}`, `{"Env":["A=1","B=2"]}`, `{"Env":["B=own","C=3"]}`},
		"user":                        {`{"User":"app"}`, `{"User":"app"}`, `{"User":""}`},
		"own user":                    {`{"User":"me"}`, `{"User":"app"}`, `{"User":"me"}`},
		"command":                     {`{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":null,"Entrypoint":null}`},
		"own command":                 {`{"Cmd":["b"],"Entrypoint":["e"]}`, `{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":["b"],"Entrypoint":null}`},
		"own entrypoint":              {`{"Cmd":null,"Entrypoint":["f"]}`, `{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":null,"Entrypoint":["f"]}`},
		"own entrypoint, its command": {`{"Cmd":["a"],"Entrypoint":["f"]}`, `{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":["a"],"Entrypoint":["f"]}`},
		"no entrypoint":               {`{"Cmd":["b"],"Entrypoint":null}`, `{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":["b"],"Entrypoint":[""]}`},
		"the entrypoint said again":   {`{"Cmd":null,"Entrypoint":["e"]}`, `{"Cmd":["a"],"Entrypoint":["e"]}`, `{"Cmd":null,"Entrypoint":["e"]}`},
		"labels":                      {`{"Labels":{"a":"1","b":"own"}}`, `{"Labels":{"a":"1","b":"2","c":"3"}}`, `{"Labels":{"b":"own"}}`},
		"ports":                       {`{"ExposedPorts":{"80/tcp":{},"90/tcp":{}}}`, `{"ExposedPorts":{"80/tcp":{}}}`, `{"ExposedPorts":{"90/tcp":{}}}`},
		"volumes":                     {`{"Volumes":{"/a":{},"/b":{}}}`, `{"Volumes":{"/a":{}}}`, `{"Volumes":{"/b":{}}}`},
		"health check":                {`{"Healthcheck":{"Test":["CMD","x"],"Retries":3}}`, `{"Healthcheck":{"Test":["CMD","x"],"Retries":3}}`, `{"Healthcheck":null}`},
		"own interval":                {`{"Healthcheck":{"Test":["CMD","x"],"Interval":5}}`, `{"Healthcheck":{"Test":["CMD","x"]}}`, `{"Healthcheck":{"Interval":5}}`},
		"made-up hostname":            {`{"Hostname":"0123456789ab"}`, `{}`, `{"Hostname":""}`},
		"own hostname":                {`{"Hostname":"web"}`, `{}`, `{"Hostname":"web"}`},
		"stop signal, shell":          {`{"StopSignal":"INT","Shell":["sh"]}`, `{"StopSignal":"INT","Shell":["sh"]}`, `{"StopSignal":"","Shell":null}`},
		"what nobody knows":           {`{"Novelty":{"x":[1,2.50]}}`, `{"Novelty":{}}`, `{"Novelty":{"x":[1,2.5]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, _ := made(t, source(c.config, `{"Novelty":7}`, `{}`, c.image, `{}`))
			var want map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.want), &want))
			for key, v := range want {
				require.Equal(t, v, body[key], key)
			}
			require.Equal(t, "web:2", body["Image"])
			require.EqualValues(t, 7, body["HostConfig"].(map[string]any)["Novelty"])
		})
	}
}

func TestNetworksAreAskedForAsTheyWere(t *testing.T) {
	t.Parallel()
	endpoint := `{"IPAMConfig":{"IPv4Address":"10.0.0.7"},"Aliases":["web","0123456789ab"],"DriverOpts":{"a":"b"},"IPAddress":"10.0.0.7","EndpointID":"e","MacAddress":"02:42:0a:00:00:07","NetworkID":"n1"}`
	for name, c := range map[string]struct {
		host, networks string
		macs           bool
		first          string // key of the endpoint in the create request
		later          int    // number of networks to connect afterwards
		disconnect     string
	}{
		"by name":             {`{"NetworkMode":"front"}`, `{"front":` + endpoint + `,"back":{}}`, false, "front", 1, ""},
		"by id":               {`{"NetworkMode":"n1"}`, `{"front":` + endpoint + `}`, false, "n1", 0, ""},
		"default":             {`{"NetworkMode":"default"}`, `{"bridge":` + endpoint + `}`, false, "bridge", 0, ""},
		"derived MAC":         {`{"NetworkMode":"front"}`, `{"front":` + endpoint + `}`, true, "front", 0, ""},
		"out of its first":    {`{"NetworkMode":"front"}`, `{"back":{}}`, false, "", 1, "front"},
		"out of the bridge":   {`{"NetworkMode":"default"}`, `{}`, false, "", 0, "bridge"},
		"the host's":          {`{"NetworkMode":"host"}`, `{"host":{}}`, false, "host", 0, ""},
		"none":                {`{"NetworkMode":"none"}`, `{}`, false, "", 0, ""},
		"another container's": {`{"NetworkMode":"container:x"}`, `{}`, false, "", 0, ""},
		"disabled":            {`{"NetworkMode":"default"}`, `{}`, false, "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := `{}`
			if name == "disabled" {
				config = `{"NetworkDisabled":true}`
			}
			s := source(config, c.host, c.networks, `{}`, `{}`)
			s.EndpointMACs = c.macs
			body, spec := made(t, s)
			require.Len(t, spec.Networks, c.later)
			require.Equal(t, c.disconnect, spec.Disconnect)
			networking, _ := body["NetworkingConfig"].(map[string]any)
			endpoints, _ := networking["EndpointsConfig"].(map[string]any)
			if c.first == "" {
				require.Empty(t, endpoints)
				return
			}
			require.Contains(t, endpoints, c.first)
			if c.first != "host" {
				require.Equal(t, map[string]any{
					"IPAMConfig": map[string]any{"IPv4Address": "10.0.0.7"}, "Aliases": []any{"web"}, "DriverOpts": map[string]any{"a": "b"},
				}, endpoints[c.first])
			}
		})
	}
	s := source(`{"MacAddress":"02:00:00:00:00:01"}`, `{"NetworkMode":"front"}`, `{"front":{"MacAddress":"9a:00:00:00:00:01","IPAddress":"10.0.0.7"},"back":{"MacAddress":"9a:00:00:00:00:02","IPAddress":"10.0.1.7"}}`, `{}`, `{}`)
	s.EndpointMACs = true
	body, spec := made(t, s)
	require.Empty(t, spec.Networks, "such an engine connects a container to all of its networks when it is created")
	require.Contains(t, string(encode(body)), `"back":{"MacAddress":"9a:00:00:00:00:02"}`)
	require.NotContains(t, body, "MacAddress")
	require.Contains(t, string(encode(body)), `"MacAddress":"9a:00:00:00:00:01"`)
}

// With an unchanged image, a new container has all settings of the old one: those that without leaves out are in the image.
func TestNothingOfAContainerIsLost(t *testing.T) {
	t.Parallel()
	texts := rapid.SliceOfDistinct(rapid.StringMatching(`[A-C]=[12]`), rapid.ID[string])
	labels := rapid.MapOf(rapid.StringMatching(`[a-c]`), rapid.StringMatching(`[12]`))
	rapid.Check(t, func(r *rapid.T) {
		image := config{Env: texts.Draw(r, "image env"), Labels: labels.Draw(r, "image labels"), User: rapid.SampledFrom([]string{"", "a"}).Draw(r, "image user")}
		own := config{Env: texts.Draw(r, "env"), Labels: labels.Draw(r, "labels"), User: rapid.SampledFrom([]string{"", "a", "b"}).Draw(r, "user")}
		was := config{Env: append(append([]string{}, own.Env...), image.Env...), Labels: merged(image.Labels, own.Labels), User: own.User}
		left := was.without(&image, &containerAnswer{ID: id}, &hostConfig{})
		require.Equal(r, was.Labels, merged(image.Labels, left.Labels))
		require.ElementsMatch(r, distinct(was.Env), distinct(append(left.Env, image.Env...)))
		if was.User != image.User {
			require.Equal(r, was.User, left.User)
		}
	})
}

func distinct(all []string) (once []string) {
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s] {
			once = append(once, s)
		}
		seen[s] = true
	}
	return once
}

// Make returns a valid request or an error for any answers of an engine.
func FuzzMake(f *testing.F) {
	f.Add(`{"Id":"x","Config":null,"HostConfig":{"Binds":["a:/b"],"Mounts":[null]},"Mounts":[{"Type":"volume","Name":"v","Destination":"/d"}]}`, `{}`)
	f.Add(`{"NetworkSettings":{"Networks":{"a":null}}}`, `{"Config":null}`)
	f.Add(`null`, `null`)
	f.Fuzz(func(t *testing.T, container, image string) {
		spec, err := Make(Source{Container: json.RawMessage(container), OldImage: json.RawMessage(image), NewImage: json.RawMessage(image), Image: "x", EndpointMACs: true})
		if err == nil {
			require.True(t, json.Valid(spec.Body))
		}
		_ = Check(json.RawMessage(container))
	})
}
