package dockerx

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wharf/util/apperr"
)

// The most that a command may have.
const (
	maxCommandParts = 256
	maxCommandText  = 4096 // bytes of user and workdir
)

// Check refuses a command that makes no sense. Errors: apperr.Invalid, naming every part that is wrong.
func (c Command) Check() error {
	var problems []string
	for _, list := range []struct {
		name  string
		parts []string
	}{{"cmd", c.Args}, {"env", c.Env}} {
		if len(list.parts) > maxCommandParts {
			problems = append(problems, list.name+": has more than 256 parts")
		}
		if slices.ContainsFunc(list.parts, hasNUL) {
			problems = append(problems, list.name+": a NUL byte can't be passed to a program")
		}
	}
	if len(c.Args) == 0 || c.Args[0] == "" {
		problems = append(problems, "cmd: expected a program and its arguments")
	}
	if slices.ContainsFunc(c.Env, func(v string) bool { return strings.Index(v, "=") < 1 }) {
		problems = append(problems, "env: expected NAME=value")
	}
	if hasNUL(c.User) || len(c.User) > maxCommandText {
		problems = append(problems, "user: expected a name or number")
	}
	if hasNUL(c.Workdir) || len(c.Workdir) > maxCommandText || (c.Workdir != "" && c.Workdir[0] != '/') {
		problems = append(problems, "workdir: expected an absolute path")
	}
	if problems == nil {
		return nil
	}
	return apperr.New(apperr.Invalid, "%s", strings.Join(problems, "; "))
}

func hasNUL(s string) bool { return strings.ContainsRune(s, 0) || !utf8.ValidString(s) }
