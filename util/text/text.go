// Package text makes text from outside wharf safe to store, show and print to a terminal.
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

// Storable returns s with U+FFFD in place of the bytes that Postgres rejects: NUL and invalid UTF-8.
func Storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// Printable reports whether s is valid UTF-8 without control and format characters, which could change the lines, colors or
// direction of the text around it.
func Printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, hidden) < 0
}

// Terminal returns s safe to print to a terminal on one line: U+FFFD replaces each character that isn't Printable.
func Terminal(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// hidden reports whether a character controls a terminal instead of being shown: control characters (Cc), bidi and other
// format characters (Cf), line and paragraph separators (Zl, Zp).
func hidden(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
