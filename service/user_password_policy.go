package service

import (
	_ "embed"
	"strings"
	"sync"
)

// strictMin is the minimum length of a password in bytes under the strict policy.
const strictMin = 8

// commonPasswords has the most common passwords of eight bytes or more, folded, one per line.
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

// guessable reports whether a password is a common one or the username, possibly followed by digits and punctuation, or
// repeats a text of up to four bytes, or is a part of the alphabet or of a sequence of digits.
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
