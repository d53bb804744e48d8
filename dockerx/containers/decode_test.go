package containers

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
)

// FuzzDaemonJSON gives the same bytes to every decoder of a daemon's answers. Each returns a valid result or an error, and none
// panics.
func FuzzDaemonJSON(f *testing.F) {
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, seed := range []string{
		"", "null", "[]", "[{}]", "{}", "[null]", `[{"Id":"` + id + `","Names":["/a","/b/c"],"Created":-1,"Labels":null}]`,
		`{"Id":"` + id + `","State":{"Health":{"Status":"none"}},"NetworkSettings":{"Ports":{"80/tcp":null},"Networks":{"a":null}}}`,
		`{"Id":"` + id + `","Config":{"Cmd":"x","Entrypoint":null},"Mounts":[{}]}`, `[{"Id":"` + id + `","Created":9e18}]`, "\ufeff[]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if list, err := Decode(bytes.NewReader(b), nil, time.Time{}); err == nil {
			require.NotNil(t, list.Containers)
			for _, c := range list.Containers {
				require.Len(t, c.ID, 64)
				require.NotEmpty(t, c.Name)
				require.NotNil(t, c.Labels)
				_, err := json.Marshal(c)
				require.NoError(t, err)
			}
		}
		var raw container.InspectResponse
		if json.Unmarshal(b, &raw) != nil {
			return
		}
		if d, err := FromInspect(&raw); err == nil {
			require.Len(t, d.ID, 64)
			require.NotNil(t, d.Mounts)
			require.NotNil(t, d.Config.Labels)
		}
	})
}

func TestPodmansListReadsAsDockersDoes(t *testing.T) {
	t.Parallel()
	row := func(id, state, created string) string {
		return `{"Id":"` + strings.Repeat(id, 64) + `","Names":["/` + id + `"],"State":"` + state + `","Created":` + created + `}`
	}
	list, err := Decode(strings.NewReader("["+row("a", "stopped", "7")+","+row("b", "stopping", "9")+","+row("c", "created", "7")+"]"), nil, time.Time{})
	require.NoError(t, err)
	var got []string
	for _, c := range list.Containers {
		got = append(got, c.Name+" "+c.State)
	}
	require.Equal(t, []string{"b running", "a exited", "c created"}, got, "newest first, else in the daemon's order")
}

// DecodeWire decodes rows of all engine versions, and drops other containers' aliases and unknown fields.
func TestRowsAsDockerHasThem(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("ab", 32)
	rows, err := DecodeWire(strings.NewReader(`[
		{"Id":"` + id + `","Names":["/other/alias","/web"],"Created":1,"State":"stopped","Ports":null,"NetworkSettings":{"Networks":{"x":null}}},
		{"Id":"` + strings.Repeat("cd", 32) + `","Names":null,"Created":2,"ExecSecret":"x","State":"running","HostConfig":{"NetworkMode":"host","X":1}}]`))
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []string{"/cdcdcdcdcdcd"}, rows[0].Names, "the newest first")
	require.Equal(t, []string{"/web"}, rows[1].Names)
	require.Equal(t, "exited", rows[1].State, "Podman's word in Docker's")
	shown, err := json.Marshal(rows[0])
	require.NoError(t, err)
	require.NotContains(t, string(shown), "ExecSecret")
	for _, bad := range []string{`{}`, `[{"Id":"../images"}]`, `[{"Id":1}]`, `[`, `[{"Id":"` + id + `","Labels":{"a":1}}]`} {
		_, err := DecodeWire(strings.NewReader(bad))
		require.Error(t, err, bad)
	}
	none, err := DecodeWire(strings.NewReader("null"))
	require.NoError(t, err)
	require.NotNil(t, none)
}

func TestStrangeProcessesAreEvenedOut(t *testing.T) {
	t.Parallel()
	p := FromTop(container.TopResponse{Titles: []string{"PID", "CMD"}, Processes: [][]string{{"1"}, {"2", "a", "b"}, nil}})
	require.Equal(t, [][]string{{"1", ""}, {"2", "a b"}, {"", ""}}, p.Rows)
	p = FromTop(container.TopResponse{})
	require.NotNil(t, p.Titles)
	require.NotNil(t, p.Rows)
	p = FromTop(container.TopResponse{Processes: [][]string{{"1"}}})
	require.Equal(t, [][]string{{}}, p.Rows)
}
