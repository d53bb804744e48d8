package containers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
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

func TestReferenceKeepsNoLeadingSlash(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"/web": "web", "0a.b_c-D": "0a.b_c-D"} {
		ref, err := ParseRef(text)
		require.NoError(t, err)
		require.Equal(t, want, ref.String())
	}
}

func TestOnlyLowerCaseHexOfTwelveToSixtyFourLooksLikeAnID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"deadbeefcafe": true, strings.Repeat("a", 64): true, "deadbeefcaf": false,
		strings.Repeat("a", 65): false, "DEADBEEFCAFE": false, "deadbeefcafg": false,
	} {
		require.Equal(t, want, LooksLikeID(s), s)
	}
}

func FuzzParseRef(f *testing.F) {
	for _, id := range dockertest.HostileIDs() {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRef(s)
		if err != nil {
			require.Equal(t, apperr.Invalid, apperr.KindOf(err))
			return
		}
		require.Regexp(t, `^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$`, r.String(), "%q", s)
	})
}
