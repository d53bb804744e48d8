package service

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	"wharf/util/apperr"
	"wharf/util/text"
)

// The limits of a user's fields; emailMax is SMTP's.
const (
	passwordMin = 6    // bytes
	passwordMax = 1024 // bytes
	fullNameMax = 200  // characters
	emailMax    = 254  // bytes
)

var username = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// checkNew returns one Invalid error that names every invalid field, or nil.
func (u *Users) checkNew(in NewUser) error {
	return invalid(checkUsername(in.Username), u.checkPassword(in.Password, in.Username),
		checkFullName(in.FullName), checkEmail(in.Email), checkRole(in.Role))
}

// invalid joins the problems of several fields into one Invalid error. Empty strings are no problems; without any, it
// returns nil.
func invalid(problems ...string) error {
	var all []string
	for _, p := range problems {
		if p != "" {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return apperr.New(apperr.Invalid, "%s", strings.Join(all, "; "))
}

func checkUsername(s string) string {
	if username.MatchString(s) {
		return ""
	}
	return "username: must be 1 to 64 letters, digits, '.', '_' or '-', the first one a letter or digit"
}

func (u *Users) checkPassword(s, username string) string {
	least := u.opts.PasswordMin
	if u.opts.PasswordStrict {
		least = max(least, strictMin)
	}
	if len(s) < least || len(s) > passwordMax {
		return fmt.Sprintf("password: must be %d to %d bytes", least, passwordMax)
	}
	if u.opts.PasswordStrict && guessable(s, username) {
		return "password: is among the most common or like the username"
	}
	return ""
}

func checkFullName(s string) string {
	n := utf8.RuneCountInString(s)
	if n >= 1 && n <= fullNameMax && text.Printable(s) {
		return ""
	}
	return fmt.Sprintf("full_name: must be 1 to %d characters, none of them control characters", fullNameMax)
}

func checkEmail(s string) string {
	addr, err := mail.ParseAddress(s)
	if err == nil && addr.Address == s && len(s) <= emailMax && text.Printable(s) {
		return ""
	}
	return "email: must be one address such as name@example.com"
}

func checkRole(r Role) string {
	if _, known := rank[r]; known || r == "" {
		return ""
	}
	return "role: must be none, viewer, operator or admin"
}
