// Package text makes foreign text fit to be stored, shown, and printed to a terminal.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Truncate returns at most n bytes of s as valid UTF-8 without control characters.
func Truncate(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// Storable replaces what Postgres refuses with an error: NUL and broken UTF-8.
func Storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// Printable reports whether s is valid UTF-8 without control and format characters, which change lines,
// colors or the direction of what is shown around them.
func Printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, hidden) < 0
}

// Terminal makes s safe to print to a terminal on one line: U+FFFD stands for each character that isn't
// Printable.
func Terminal(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// hidden reports whether a character acts on a terminal instead of being shown: control characters (Cc),
// bidi and other format characters (Cf), separators of lines and paragraphs (Zl, Zp).
func hidden(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
