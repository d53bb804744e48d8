package channels

import (
	"net/http"
	"strings"
)

// headerHas reports whether a header of tokens, separated by commas, has one, whatever its case.
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
