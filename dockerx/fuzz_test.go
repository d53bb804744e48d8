package dockerx

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
)

// FuzzDaemonJSON feeds the same bytes to every reader of a daemon's answers: what comes out is whole
// or an error, and nothing panics.
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
		rows, err := decodeList(bytes.NewReader(b), nil)
		if err == nil {
			require.NotNil(t, rows)
		}
		for _, c := range rows {
			require.Len(t, c.ID, 64)
			require.NotEmpty(t, c.Name)
			require.NotNil(t, c.Labels)
			_, err := json.Marshal(c)
			require.NoError(t, err)
		}
		var raw container.InspectResponse
		if json.Unmarshal(b, &raw) != nil {
			return
		}
		if d, err := details(&raw); err == nil {
			require.Len(t, d.ID, 64)
			require.NotNil(t, d.Mounts)
			require.NotNil(t, d.Config.Labels)
		}
	})
}
