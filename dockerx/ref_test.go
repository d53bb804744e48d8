package dockerx

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

// hostileIDs are sent by attackers to reach another endpoint, host or daemon than the one that is meant.
func hostileIDs() []string {
	seeds := []string{
		"", " ", ".", "..", "/", "//", "../images", "..\\images", "../../../info", "../exec/X", "./x", "x/..", "x/../..",
		"%2e%2e", "%2e%2e%2fimages", "%252e%252e%252f", "..%2f", "..%5c", "%00", "%0d%0a", "%", "%zz",
		"x/json", "x/json?force=1", "x?all=1", "x#frag", "x;y", "x&y", "x=y", "x y", " x", "x ", "\tx", "x\n", "x\r\nHost: evil",
		"x\x00", "\x00", "x\\y", "x/y", "//x", "/x/y", "/../x", "-x", "_x", ".x", "*", "x*", "x?", "~", "$(id)", "`id`", "${x}",
		"x:y", "x@y", "http://evil/", "unix:///x", "x,y", "x|y", "x>y", "'x'", "\"x\"", "<x>", "[x]", "{x}", "x!", "x+y",
		"\u2215images", "x\u2215y", "x\u2044y", "\uff0e\uff0e", "\u202ex", "\u00a0x", "x\u0000", "ｘ", "é", "日本", "\xff\xfe", "\xc0\xae\xc0\xae",
		strings.Repeat("a", 256), strings.Repeat("a", 4096), strings.Repeat("../", 100), strings.Repeat("a", 255) + "/",
	}
	var ids []string
	for _, s := range seeds {
		ids = append(ids, s, s+"/", "a/"+s+"/..", "x/"+s)
	}
	return ids
}

var allowedRequest = regexp.MustCompile(`^/v1\.\d+/containers/[A-Za-z0-9_.-]+/(json|start|stop|stats)$`)

func TestHostileIDsReachNothingButAContainer(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	ctx := context.Background()
	ids := hostileIDs()
	require.GreaterOrEqual(t, len(ids), 200)
	refused := 0
	for _, id := range append(ids, "good-name", "/good-name", "json", "a..b") {
		// What is no reference never becomes one; what is goes to the daemon.
		if r, err := ParseRef(id); err == nil {
			_, err = h.Resolve(ctx, r)
			require.Equal(t, apperr.NotFound, apperr.KindOf(err), "%q", id)
		} else {
			refused++
			require.Equal(t, apperr.Invalid, apperr.KindOf(err))
		}
		// The calls that take an id take nothing but a whole one.
		require.Equal(t, apperr.Invalid, apperr.KindOf(start(ctx, h, id)), "%q", id)
		require.Equal(t, apperr.Invalid, apperr.KindOf(stop(ctx, h, id, nil)), "%q", id)
	}
	require.GreaterOrEqual(t, refused, 200)
	require.Len(t, d.Requests(), len(ids)+4-refused)
	for _, r := range d.Requests() {
		require.Regexp(t, allowedRequest, r.Path)
	}
}

func TestReferenceKeepsNoLeadingSlash(t *testing.T) {
	t.Parallel()
	require.Equal(t, "web", ref(t, "/web").String())
	require.Equal(t, "0a.b_c-D", ref(t, "0a.b_c-D").String())
}

func TestOnlyLowerCaseHexOfTwelveToSixtyFourLooksLikeAnID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"deadbeefcafe": true, strings.Repeat("a", 64): true, "deadbeefcaf": false,
		strings.Repeat("a", 65): false, "DEADBEEFCAFE": false, "deadbeefcafg": false,
	} {
		require.Equal(t, want, ref(t, s).looksLikeID(), s)
	}
}

func FuzzParseRef(f *testing.F) {
	for _, id := range hostileIDs() {
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
