package service

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/events"
)

func TestMaskedCommandLinesKeepWhatIsHarmless(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"nginx: master process  nginx -g daemon off;": "nginx: master process  nginx -g daemon off;",
		"21:33": "21:33", "00:00:00": "00:00:00", "": "",
		"app --password=hunter2 hunter3 -v":         "app --password=***",
		"app --token hunter2 hunter3 --verbose x":   "app --token *** *** --verbose x",
		"psql postgres://app:hunter2@db/app":        "psql postgres://***@db/app",
		"sh -c PGPASSWORD=hunter2 psql -h db -l 10": "sh -c PGPASSWORD=***",
	} {
		require.Equal(t, want, maskCommandLine(line))
	}
}

func TestMaskEnvKeepsKeysAndHarmlessValues(t *testing.T) {
	t.Parallel()
	got := maskEnv([]string{
		"PATH=/usr/local/sbin:/bin", "NGINX_VERSION=1.25.3", "MYSQL_ROOT_PASSWORD=hunter2", "apiKey=hunter2",
		"DATABASE=postgres://app:hunter2@db/app?sslmode=disable", "OPTS=--verbose --password hunter2 -x", "BARE",
		`JSON={"token": "hunter2", "size": 3}`, "EMPTY=",
	})
	require.Equal(t, []string{
		"PATH=/usr/local/sbin:/bin", "NGINX_VERSION=1.25.3", "MYSQL_ROOT_PASSWORD=***", "apiKey=***",
		"DATABASE=postgres://***@db/app?sslmode=disable", "OPTS=--verbose --password *** -x", "BARE",
		`JSON={"token": ***, "size": 3}`, "EMPTY=",
	}, got)
}

func TestMaskArgs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want []string }{
		{[]string{"nginx", "-g", "daemon off;"}, []string{"nginx", "-g", "daemon off;"}},
		{[]string{"app", "--token", "hunter2", "-v"}, []string{"app", "--token", "***", "-v"}},
		{[]string{"app", "--token=hunter2"}, []string{"app", "--token=***"}},
		{[]string{"sh", "-c", "PGPASSWORD=hunter2 psql"}, []string{"sh", "-c", "PGPASSWORD=***"}},
		{[]string{"sh", "-c", "app --secret hunter2 && true"}, []string{"sh", "-c", "app --secret *** && true"}},
		{[]string{"curl", "https://u:hunter2@example.org/"}, []string{"curl", "https://***@example.org/"}},
		{[]string{"--password", "--hunter2"}, []string{"--password", "***"}},
		{[]string{"--dsn=user:hunter2@tcp(db)/x"}, []string{"--dsn=***"}},
	} {
		require.Equal(t, c.want, maskArgs(c.in))
	}
}

func TestMaskEventCutsCommandLinesAndMasksLabels(t *testing.T) {
	t.Parallel()
	attrs := map[string]string{"image": "a", "com.example.api-key": "hunter2", "exitCode": "0"}
	e := MaskEvent(events.Event{Action: "exec_create: mysql -phunter2", Attrs: attrs})
	require.Equal(t, "exec_create", e.Action)
	require.Equal(t, map[string]string{"image": "a", "com.example.api-key": "***", "exitCode": "0"}, e.Attrs)
	require.Equal(t, "hunter2", attrs["com.example.api-key"], "the original is untouched")
	require.Equal(t, "health_status: healthy", MaskEvent(events.Event{Action: "health_status: healthy"}).Action)
}

// Huge labels of a container must not make the masking of its events slow.
func TestMaskingHugeValuesTakesNoTime(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("pass-word-", 1<<20)
	began := time.Now()
	for range 100 {
		require.Equal(t, Mask, maskValue("note", huge))
		require.Equal(t, Mask, maskValue(huge, "note"))
	}
	require.Less(t, time.Since(began), 30*time.Second, "a tenth of a second on a quiet machine; quadratic work takes hours")
}
