package usage

import (
	"regexp"
	"time"

	"wharf/api/dto"
	"wharf/util/apperr"
)

// CheckPast checks the parameters since and step. Errors: Invalid.
func CheckPast(q dto.UsageQuery) error {
	switch {
	case q.Step > 0 && q.Step < time.Second:
		return apperr.New(apperr.Invalid, "step: expected 1s or more")
	case q.Step > 0 && q.Since == 0:
		return apperr.New(apperr.Invalid, "step: goes with since")
	}
	return nil
}

// idStart matches a container's id or a prefix of at least 12 digits.
var idStart = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

// CheckIDs checks ids of containers, or prefixes of ids. Errors: Invalid.
func CheckIDs(ids []string) error {
	for _, id := range ids {
		if !idStart.MatchString(id) {
			return apperr.New(apperr.Invalid, "id: expected 12 to 64 hexadecimal digits")
		}
	}
	return nil
}
