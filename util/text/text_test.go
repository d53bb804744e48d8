package text_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/util/text"
)

func TestTerminalShowsNoBytesThatActOnIt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"web 1 é 漢": "web 1 é 漢", "\x1b[31mred": "\uFFFD[31mred", "\x1b]0;title\a": "\uFFFD]0;title\uFFFD", "\u009b2J": "\uFFFD2J",
		"a\u202eb\u2066": "a\uFFFDb\uFFFD", "a\tb\nc": "a\uFFFDb\uFFFDc", "a\u2028b": "a\uFFFDb", "a\xffb": "a\uFFFDb",
	} {
		require.Equal(t, want, text.Terminal(in))
		require.Equal(t, in == want, text.Printable(in), "%q", in)
	}
}

func TestStorableAndTruncate(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\uFFFDb\uFFFD", text.Storable("a\x00b\xff"))
	require.Equal(t, "ab", text.Truncate("a\x1bbcd", 3))
	require.Equal(t, "a", text.Truncate("aé", 2))
}
