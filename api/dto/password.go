package dto

import (
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"wharf/util/apperr"
)

// Password is a password in a request's body. Half of a surrogate pair (\ud800 to \udfff) isn't a character and is rejected:
// the decoder turns each into U+FFFD, so different passwords would become equal.
type Password string

// UnmarshalJSON reads a JSON string. Errors: Invalid, those of package json.
func (s *Password) UnmarshalJSON(text []byte) error {
	if loneSurrogate(text) {
		return apperr.New(apperr.Invalid, "a password has half of a surrogate pair (\\ud800 to \\udfff), which is no character")
	}
	return json.Unmarshal(text, (*string)(s))
}

// loneSurrogate reports whether a JSON text has an escape for half of a surrogate pair.
func loneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		r, ok := unicodeEscape(text[i:])
		if !ok {
			i++ // another escape, of two bytes
			continue
		}
		i += 5
		if !utf16.IsSurrogate(r) {
			continue
		}
		low, _ := unicodeEscape(text[i+1:])
		if utf16.DecodeRune(r, low) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// unicodeEscape reads the \uXXXX at the beginning of a text.
func unicodeEscape(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
