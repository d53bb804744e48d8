package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReportNamesWhatFailedAndWhatWasSkippedAndWhy(t *testing.T) {
	t.Parallel()
	const lines = `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no root\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: want 1\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Test":"TestC","Output":"goleak: found one\n"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"r","Test":"TestD","Output":"--- PASS: TestD\n"}
{"Action":"pass","Package":"r","Test":"TestD"}
{"Action":"output","Package":"r","Test":"TestD","Output":"goleak: found two\n"}
{"Action":"fail","Package":"r"}
{"Action":"build-fail","ImportPath":"q"}
`
	var out strings.Builder
	r := newReport(&out)
	require.NoError(t, r.read(strings.NewReader(lines)))
	r.finish()
	require.Equal(t, `    b_test.go:9: want 1
goleak: found two

2 passed, 3 failed, 1 skipped
FAILED   p TestB
FAILED   r (outside its tests)
FAILED   q (build)
skipped  p TestA: a_test.go:3: no root
`, out.String())
}
