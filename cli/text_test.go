package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEscapedJSONMeansTheSame(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b[2Jb\u202ec\u009bd\U000e0041e\x7f\n\"ü"
	raw, err := json.Marshal(hostile)
	require.NoError(t, err)
	escaped := escapeHidden(string(raw))
	require.Regexp(t, `^[ -~ü]+$`, escaped)
	var back string
	require.NoError(t, json.Unmarshal([]byte(escaped), &back))
	require.Equal(t, hostile, back)
}

func TestLogLinesKeepTheirColoursAlone(t *testing.T) {
	t.Parallel()
	const line = "\x1b[31mred\x1b[0m\x1b]0;title\a\x1b[2J\tend"
	require.Equal(t, "\x1b[31mred\x1b[0m\ufffd]0;title\ufffd\ufffd[2J    end\x1b[0m", safeText(line, true))
	require.Equal(t, "red\ufffd]0;title\ufffd\ufffd[2J    end", safeText(line, false))
}

func TestTimesAreDatesOrHowLongAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"15m":                  now.Add(-15 * time.Minute),
		"7d":                   now.AddDate(0, 0, -7),
		"2026-01-28T21:59:11Z": time.Date(2026, 1, 28, 21, 59, 11, 0, time.UTC),
		"2026-01-28":           time.Date(2026, 1, 28, 0, 0, 0, 0, time.Local),
		"1769573841":           time.Unix(1769573841, 0),
	} {
		at, err := parseTime(s, now)
		require.NoError(t, err)
		require.True(t, want.Equal(at), "%s: %s", s, at)
	}
	for _, s := range []string{"", "soon", "-5m", "99999d", "1e300"} {
		_, err := parseTime(s, now)
		require.Error(t, err, s)
	}
}

func TestSizesAndAgesAreDockers(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2.91MiB", binarySize(2.91*(1<<20)))
	require.Equal(t, "0B", binarySize(0))
	require.Equal(t, "401kB", decimalSize(401_120))
	require.Equal(t, "About an hour", roughly(time.Hour))
	require.Equal(t, "3 weeks", roughly(22*24*time.Hour))
}

func TestServerAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"localhost:9083": "http://localhost:9083", "wharf.example.com": "https://wharf.example.com", "https://x/wharf/": "https://x/wharf",
	} {
		got, err := serverURL(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "ftp://x", "https://user:pass@x", "https://x?y=z", "http://"} {
		_, err := serverURL(in)
		require.Error(t, err, in)
	}
}
