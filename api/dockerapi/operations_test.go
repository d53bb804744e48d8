package dockerapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

func updateOf(t *testing.T, body string) (operations.Params, error) {
	t.Helper()
	return updateParams(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
}

// Docker's clients send every field of a container's limits, nearly all of them zero.
func TestUpdateReadsWhatClientsSend(t *testing.T) {
	t.Parallel()
	p, err := updateOf(t, `{"CpuShares":0,"Memory":67108864,"NanoCpus":500000000,"BlkioWeight":0,"BlkioWeightDevice":null,"CpusetCpus":"","Devices":[],
		"MemorySwap":-1,"PidsLimit":10,"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":5},"OomKillDisable":null}`)
	require.NoError(t, err)
	update := p.(operations.Update)
	require.EqualValues(t, 64<<20, *update.Memory)
	require.EqualValues(t, -1, *update.MemorySwap)
	require.InDelta(t, 0.5, *update.CPUs, 0)
	require.EqualValues(t, 10, *update.Pids)
	require.Equal(t, "on-failure:5", update.RestartPolicy)

	for body, kind := range map[string]apperr.Kind{
		`{"CpuShares":512}`: apperr.Forbidden, `{"cpushares":512}`: apperr.Forbidden, `{"Devices":[{"PathOnHost":"/dev/sda"}]}`: apperr.Forbidden,
		`{"Memory":67108864,"Privileged":true}`: apperr.Forbidden, `{"CpuQuota":5}`: apperr.Forbidden, `{"CpuQuota":5,"NanoCpus":5}`: apperr.Invalid,
		`{"Memory":"much"}`: apperr.Invalid, `[]`: apperr.Invalid, ``: apperr.Invalid, `null`: 255,
	} {
		_, err := updateOf(t, body)
		if kind == 255 {
			require.NoError(t, err, "nothing is asked for: the engine's door says so")
			continue
		}
		require.Equal(t, kind, apperr.KindOf(err), "%s: %v", body, err)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"1700000000":           time.Unix(1700000000, 0),
		"1700000000.5":         time.Unix(1700000000, 500000000),
		"1700000000.000000001": time.Unix(1700000000, 1),
	} {
		got, ok := parseTime(text)
		require.True(t, ok, text)
		require.True(t, want.Equal(got), text)
	}
	for _, text := range []string{"", "x", "-1", "1.x", "1.-5", "1.+5", "1.0000000001", "99999999999999", "2024-01-01"} {
		_, ok := parseTime(text)
		require.False(t, ok, text)
	}
}
