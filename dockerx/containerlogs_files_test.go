package dockerx

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/logs"
)

// lineOf has the properties of a line that are compared.
type lineOf struct {
	at     logs.Position
	text   string
	isCut  bool
	stream logs.Stream
}

func linesOf(b *logs.Batch) []lineOf {
	var all []lineOf
	for i, l := range b.Lines {
		all = append(all, lineOf{l.Position, string(b.Text(i)), l.Cut, l.Stream})
	}
	return all
}

func TestALogsFilesHoldTheLinesThatItsEngineGives(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	h := hostOf(t, HostConfig{Name: e.Name, Addr: e.Addr})
	for name, s := range map[string]dockertest.Spec{
		"one file":           {Cmd: []string{"lines", "9000", "0", "700", "90"}},
		"rotated":            {Cmd: []string{"lines", "4000", "0", "300", "50"}, LogOptions: map[string]string{"max-size": "200k", "max-file": "20"}},
		"rotated and packed": {Cmd: []string{"lines", "4000", "0", "300", "50"}, LogOptions: map[string]string{"max-size": "200k", "max-file": "20", "compress": "true"}},
		"with attributes":    {Cmd: []string{"lines", "200"}, Labels: map[string]string{"a": "b"}, LogOptions: map[string]string{"labels": "a"}},
		"odd texts":          {Cmd: []string{"log", "\"quoted\" \\ <tag> & tab\t é 한국 \u2028 \x01 \xff end"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.LogDriver = "json-file"
			id := e.Run(t, s)
			src := sourceOf(t, h, id)
			want := 1
			if n, err := strconv.Atoi(s.Cmd[1]); err == nil {
				want = n
			}
			require.Eventually(t, func() bool {
				n, _, _ := countLines(src)
				return n == want
			}, 60*time.Second, 20*time.Millisecond)
			var asked []lineOf
			require.NoError(t, logs.Read(t.Context(), src, logs.Range{All: true}, func(b *logs.Batch, _ *logs.Gap) error {
				asked = append(asked, linesOf(b)...)
				return nil
			}))
			d, err := h.Resolve(t.Context(), ref(t, id))
			require.NoError(t, err)
			files, err := h.LogFiles(t.Context(), d.Log, src)
			require.NoError(t, err)
			defer files.Close()
			var parts [][]lineOf
			require.NoError(t, files.Backward(t.Context(), nil, func(b *logs.Batch, _, _ int64) error {
				parts = append(parts, linesOf(b))
				return nil
			}))
			slices.Reverse(parts)
			read := slices.Concat(parts...)
			for i := range min(len(asked), len(read)) {
				require.Equal(t, asked[i], read[i], "line %d of %d and %d", i, len(asked), len(read))
			}
			require.Len(t, read, len(asked))
		})
	}
}

func countLines(src logs.Source) (n int, last logs.Position, err error) {
	err = logs.Read(context.Background(), src, logs.Range{All: true}, func(b *logs.Batch, _ *logs.Gap) error {
		n, last = n+len(b.Lines), b.Last()
		return nil
	})
	return n, last, err
}

// The path that an engine reports is not trusted: the file of another log, or a file that is no log, is rejected.
func TestFilesThatAreNotTheEnginesAreRefused(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	h := hostOf(t, HostConfig{Name: e.Name, Addr: e.Addr})
	one, two := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "10"}, LogDriver: "json-file"}), e.Run(t, dockertest.Spec{Cmd: []string{"lines", "10"}, LogDriver: "json-file"})
	src := sourceOf(t, h, one)
	awaitLines(t, src, 9)
	awaitLines(t, sourceOf(t, h, two), 9)
	other, err := h.Resolve(t.Context(), ref(t, two))
	require.NoError(t, err)
	for _, path := range []string{other.Log.Path, "/etc/passwd", "/dev/zero", "relative", "/proc/self/../self/environ", t.TempDir()} {
		_, err := logs.OpenFiles(t.Context(), src, path)
		require.ErrorIs(t, err, logs.ErrNoFiles, path)
	}
}
