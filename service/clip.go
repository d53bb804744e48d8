package service

import "strings"

// clip makes what a client sent fit to be stored and shown: n bytes at most, valid UTF-8,
// no control characters.
func clip(s string, n int) string {
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
