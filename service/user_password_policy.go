package service

import (
	_ "embed"
	"strings"
	"sync"
)

// strictMin is the fewest bytes of a password under the strict policy.
const strictMin = 8

// commonPasswords are the most used ones of eight bytes and more, folded, one a line.
//
//go:embed common_passwords.txt
var commonPasswords string

var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswords) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

// guessable reports whether a password is a common one, also with digits and marks at its end, repeats one character or a
// short text, or is the username.
func guessable(password, username string) bool {
	folded := fold(password)
	word := strings.TrimRight(folded, "0123456789!?.*#@$-_ ")
	if common()[folded] || common()[word] || word == fold(username) {
		return true
	}
	for n := 1; n <= 4; n++ {
		if strings.Repeat(folded[:n], len(folded)/n+1)[:len(folded)] == folded {
			return true
		}
	}
	return strings.Contains("abcdefghijklmnopqrstuvwxyz", folded) ||
		strings.Contains("01234567890123456789", folded) || strings.Contains("98765432109876543210", folded)
}
