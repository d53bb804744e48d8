package channels

import (
	"net/http"
	"strings"
)

// headerHas reports whether a header, a list of tokens separated by commas, contains a token. Case doesn't matter.
func headerHas(h http.Header, name, token string) bool {
	for _, value := range h.Values(name) {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
