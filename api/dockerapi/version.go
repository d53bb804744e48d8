package dockerapi

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"wharf/util/apperr"
)

// minVersion is the oldest API version that wharf supports.
const minVersion = "1.24"

var versionSegment = regexp.MustCompile(`^v[0-9]{1,3}(\.[0-9]{1,3})+$`)

// negotiate checks the path's version against the engine's. If they are incompatible, it returns Docker's error.
func (c *Call) negotiate(ctx context.Context) error {
	newest, err := c.host.APIVersion(ctx)
	if err != nil {
		return err
	}
	c.newest, c.api = newest, newest
	switch {
	case c.Version == "":
		return nil
	case older(c.Version, minVersion):
		return errTooOld(c.Version)
	case older(newest, c.Version):
		return apperr.New(apperr.Invalid, "client version %s is too new. Maximum supported API version is %s", c.Version, newest)
	}
	c.api = c.Version
	return nil
}

// before reports whether the call uses an API version older than the given one.
func (c *Call) before(version string) bool { return older(c.api, version) }

// older compares versions such as 1.9 and 1.41, part by part.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if x, y := part(as, i), part(bs, i); x != y {
			return x < y
		}
	}
	return false
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, _ := strconv.Atoi(parts[i])
	return n
}

func errTooOld(version string) error {
	return apperr.New(apperr.Invalid, "client version %s is too old. Minimum supported API version is %s, please upgrade your client to a newer version", version, minVersion)
}
