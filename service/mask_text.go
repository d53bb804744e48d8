package service

import (
	"regexp"
	"slices"
	"strings"
)

// maskable is the length in bytes of the longest text that is searched for secrets. The time of a search grows with the
// length, which the author of a container's labels controls.
const maskable = 4 << 10

const (
	secretPart = `(?:pass|secret|token|key|pwd|cred|auth|dsn|private)`
	secretWord = `[\w.-]*` + secretPart + `[\w.-]*`
	quoteMark  = "\\\\*[\"'`]" // a quote, escaped or not
)

// A lower-case text that contains none of secretParts has no key that looks secret; one without tokenParts has no token.
var (
	secretParts = []string{"pass", "secret", "token", "key", "pwd", "cred", "auth", "dsn", "private", "identified"}
	tokenParts  = []string{"eyj", "gh", "github_pat_", "glpat-", "xox", "k_live_", "k_test_", "akia", "bearer", "basic"}
)

var (
	// urlUser matches a URL's scheme and credentials, up to the last @ of the word: passwords may contain @ and /.
	urlUser = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)\S*@`)
	// plainUser matches user:password@ without a scheme. A digest (name:tag@sha256:…) has the same form.
	plainUser = regexp.MustCompile(`([\w.+-]+:)[^\s/]\S*@(?:sha256:)?`)
	maskedURL = regexp.MustCompile(`^[\w+.-]+://` + regexp.QuoteMeta(Mask))
	pemBlock  = regexp.MustCompile(`(?s)-----BEGIN ([A-Z0-9 ]+)-----.*?(?:-----END [A-Z0-9 ]+-----|\z)`)
	// xmlElement matches the start tag and the text of <password>…</password>, including the element's attributes.
	xmlElement = regexp.MustCompile(`(?i)(<` + secretWord + `(?:\s[^>]*)?>)[^<]+`)
	// knownToken matches secrets by their form: JSON web tokens, tokens of GitHub, GitLab, Slack, Stripe and AWS, and
	// credentials after the name of an HTTP authentication scheme.
	knownToken = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*|\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abeprs]-|[rs]k_(?:live|test)_|AKIA)[\w-]{8,}|` +
		`\b(?i:bearer|basic)\s+[\w+/=.~-]{4,}`)

	// assignment matches a key that looks secret, up to the start of its value: key=value, key: value, "key": "value", and
	// Kubernetes' "name": "key", "value": "…".
	assignment = regexp.MustCompile(`(?i)` + secretWord + `(` + quoteMark + `)?\]?[ \t]*` +
		`(?:[+?:]?=>?|:|(?:` + quoteMark + `)?[,\s]+(?:` + quoteMark + `)?value(?:` + quoteMark + `)?[ \t]*[:=])[ \t]*`)
	// flag matches, up to its value, a flag that looks secret (--password x, "--password", "x", and items of a YAML list), or
	// a word of configuration files or SQL that precedes a secret.
	flag = regexp.MustCompile(`(?i)(?:\B--?` + secretWord + `(?:(?:` + quoteMark + `)?\s*,\s*|(?:` + quoteMark + `)?\s*\n\s*-\s+|(?:[ \t]|\\\r?\n)+)|` +
		`(?:^|[^<\w-])(?:password|passwd|requirepass|masterauth|identified by)[ \t]+)`)
)

// maskText masks the secrets in free text, such as a command line. A text longer than maskable is masked as a whole.
func maskText(s string) string {
	if len(s) > maskable {
		return Mask
	}
	if strings.Contains(s, "-----BEGIN ") {
		s = pemBlock.ReplaceAllStringFunc(s, maskPEM)
	}
	if strings.Contains(s, "@") {
		s = urlUser.ReplaceAllString(s, "${1}"+Mask+"@")
		s = plainUser.ReplaceAllStringFunc(s, maskPlainUser)
	}
	lower := strings.ToLower(s)
	if hasAny(lower, secretParts) {
		s = xmlElement.ReplaceAllString(s, "${1}"+Mask)
		s = maskValues(s)
	}
	if hasAny(lower, tokenParts) {
		s = knownToken.ReplaceAllString(s, Mask)
	}
	return s
}

// hasAny reports whether the text contains any of the parts. It is much faster than the regular expressions.
func hasAny(s string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}

// maskPEM masks the body of a PEM block, unless its label marks it as public.
func maskPEM(block string) string {
	label := pemBlock.FindStringSubmatch(block)[1]
	if label == "CERTIFICATE" || strings.HasSuffix(label, "PUBLIC KEY") {
		return block
	}
	return "-----BEGIN " + label + "-----" + Mask
}

func maskPlainUser(s string) string {
	if strings.HasSuffix(s, "@sha256:") {
		return s
	}
	user, rest, _ := strings.Cut(s, ":")
	if maskedURL.MatchString(rest) { // jdbc:mysql://…
		return s
	}
	return user + ":" + Mask + "@"
}

// maskValues masks the values of keys and flags that look secret.
func maskValues(s string) string {
	var out strings.Builder
	text := valueScanner{s: s}
	for at := 0; ; {
		key, value, ok := nextSecret(s, at)
		if !ok {
			out.WriteString(s[at:])
			return out.String()
		}
		end := text.valueEnd(key, value)
		out.WriteString(s[at:value.begin])
		if end > value.begin {
			out.WriteString(Mask)
		}
		at = max(end, value.begin)
	}
}

// secretValue describes where the value of a key begins, and how to find its end.
type secretValue struct {
	begin  int
	word   bool // the value ends with the shell word, not with the line
	closed bool // the key had its own quotes, which are closed before the value
}

// nextSecret returns the first key or flag at or after at.
func nextSecret(s string, at int) (key int, v secretValue, ok bool) {
	a, f := assignment.FindStringSubmatchIndex(s[at:]), flag.FindStringIndex(s[at:])
	switch {
	case a == nil && f == nil:
		return 0, v, false
	case a == nil || f != nil && f[1] <= a[0]:
		closed := strings.ContainsAny(s[at+f[0]:at+f[1]], ",\n")
		if start := s[at+f[0]]; strings.IndexByte("\"'`", start) >= 0 {
			f[0]++ // the key is inside the quote that begins here
		}
		return at + f[0], secretValue{begin: at + f[1], word: true, closed: closed}, true
	}
	return at + a[0], secretValue{begin: at + a[1], closed: a[2] >= 0}, true
}
