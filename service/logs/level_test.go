package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLevelsAreReadFromCommonForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"level":"warn","msg":"x"}`:                    "warn",
		`{"time":"x","severity":"ERROR","m":"y"}`:       "error",
		`{"level":30,"msg":"pino"}`:                     "info",
		`{"level":50}`:                                  "error",
		`{"msg":"no level"}`:                            "",
		`time=2026-01-01 level=debug msg=x`:             "debug",
		`ts=x lvl="crit" msg=y`:                         "fatal",
		`[ERROR] it broke`:                              "error",
		`WARN: careful`:                                 "warn",
		`2026-11-25 10:11:12 INFO started`:              "info",
		`2026-11-25T10:11:12.123Z  WARN 1 --- [main] x`: "warn",
		`E0102 15:04:05.000000       1 x.go:1] klog`:    "error",
		`10:11:12 [main] DEBUG a.b.C - x`:               "debug",
		"\x1b[31mERROR\x1b[0m coloured":                 "error",
		`error: cannot open`:                            "error",
		`This is an information for you`:                "",
		`errors happened`:                               "",
		`the warning light`:                             "",
		``:                                              "",
		`{`:                                             "",
		`{"level"`:                                      "",
		`{"level":`:                                     "",
		`xlevel=error`:                                  "",
		"2026/11/25 10:11:12 [notice] 1#1: start (nginx)": "info",
		"2026/11/25 10:11:12 [crit] 1#1: bind (nginx)":    "fatal",
		"level=\x00":                                        "",
		`<3>kernel`:                                         "",
		`{"log.level":"error","@timestamp":"x"}`:            "error",
		`{"msg":"level","level":"trace"}`:                   "trace",
		`[2026-11-25 10:11:12,123] {x.py:1} WARNING - away`: "warn",
	} {
		require.Equal(t, want, LevelOf([]byte(text)), text)
	}
}

func TestEscapeSequencesAreDropped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                        "plain",
		"\x1b[1;31mred\x1b[0m":         "red",
		"\x1b]0;title\x07text":         "text",
		"\x1b]8;;http://x\x1b\\link":   "link",
		"\x1b(Bascii":                  "ascii",
		"cut \x1b[31":                  "cut ",
		"end \x1b":                     "end ",
		"\x1b[2K\x1b[1Gprogress 100 %": "progress 100 %",
	} {
		require.Equal(t, want, string(StripANSI([]byte{}, []byte(text))), "%q", text)
	}
}

func FuzzLevelOf(f *testing.F) {
	f.Add([]byte(`{"level":"x`))
	f.Add([]byte("\x1b[31mERROR"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		LevelOf(text)
		StripANSI(nil, text)
	})
}
