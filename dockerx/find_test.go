package dockerx

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

func TestFindResolvesAsDockerDoes(t *testing.T) {
	t.Parallel()
	a, b, c := "aa1"+strings.Repeat("0", 61), "aa2"+strings.Repeat("0", 61), strings.Repeat("c", 64)
	list := []Container{{ID: a, Name: "web"}, {ID: b, Name: "aa1"}, {ID: c, Name: "aa1000000000"}}
	for text, want := range map[string]string{"web": a, "/web": a, a: a, "aa10": a, "aa1": b, "aa2": b, "c": c} {
		ref, err := ParseRef(text)
		require.NoError(t, err)
		got, err := Find(list, ref)
		require.NoError(t, err, text)
		require.Equal(t, want, got.ID, text)
	}
	for text, kind := range map[string]apperr.Kind{
		"aa": apperr.Invalid, "nothing": apperr.NotFound, "aa1000000000": apperr.Conflict, strings.Repeat("d", 64): apperr.NotFound,
	} {
		ref, err := ParseRef(text)
		require.NoError(t, err)
		_, err = Find(list, ref)
		require.Equal(t, kind, apperr.KindOf(err), text)
	}
}
