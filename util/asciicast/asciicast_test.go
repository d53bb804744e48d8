package asciicast

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// output returns the joined output of a recording.
func output(t *testing.T, cast string) string {
	t.Helper()
	var all strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(cast), "\n")[1:] {
		var event []any
		require.NoError(t, json.Unmarshal([]byte(line), &event), line)
		if event[1] == "o" {
			all.WriteString(event[2].(string))
		}
	}
	return all.String()
}

func TestRecordingIsAsciicast2(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := Begin(&b, Header{Width: 80, Height: 24, Timestamp: 1, Title: "web"}, 1<<20)
	_, _ = w.Write([]byte("안"[:2]))
	_, _ = w.Write([]byte("안"[2:] + "녕\x1b[31m\xff"))
	w.Resize("100x30")
	require.NoError(t, w.Err())
	first, _, _ := strings.Cut(b.String(), "\n")
	require.JSONEq(t, `{"version":2,"width":80,"height":24,"timestamp":1,"title":"web"}`, first)
	require.Equal(t, "안녕\x1b[31m\uFFFD", output(t, b.String()), "a character in two writes is one")
	require.Contains(t, b.String(), `"r","100x30"]`)
}

func TestRecordingEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := Begin(&b, Header{}, 200)
	for range 100 {
		n, err := w.Write([]byte("0123456789"))
		require.NoError(t, err)
		require.Equal(t, 10, n)
	}
	require.LessOrEqual(t, b.Len(), 200)
	require.NotEmpty(t, output(t, b.String()), "what fits is there, and whole")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRecordingThatFailsEndsNothing(t *testing.T) {
	t.Parallel()
	w := Begin(broken{}, Header{}, 200)
	n, err := w.Write([]byte("hello"))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.EqualError(t, w.Err(), "disk full")
}
