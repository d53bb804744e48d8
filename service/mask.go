package service

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"wharf/dockerx"
)

// Mask stands where a value that looks secret was.
const Mask = "***"

const (
	secretPart = `(?:pass|secret|token|key|pwd|cred|auth|dsn|private)`
	secretWord = `[\w.-]*` + secretPart + `[\w.-]*`
)

var (
	secretKey = regexp.MustCompile(`(?i)` + secretPart)
	// urlUser finds the credentials of a URL: scheme://user:password@ or scheme://token@.
	urlUser = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@`)
	// assigned finds, inside a longer text, a key that looks secret with its value: key=value,
	// "key": "value", and in a command line --key value.
	assigned = regexp.MustCompile(`(?i)(` + secretWord + `["']?\s*[=:]\s*|\B--?` + secretWord + `\s+)("[^"]*"|'[^']*'|\S+)`)
)

// maskable is the longest text, in bytes, that is searched for secrets. The search takes time with
// the length, and whoever labels a container chooses it.
const maskable = 4 << 10

// maskText hides what looks secret inside free text, such as a command line. A longer text than
// is searched is hidden whole.
func maskText(s string) string {
	if len(s) > maskable {
		return Mask
	}
	s = urlUser.ReplaceAllString(s, "${1}"+Mask+"@")
	return assigned.ReplaceAllString(s, "${1}"+Mask)
}

// maskValue hides a value whose key looks secret, and what looks secret inside any other.
func maskValue(key, value string) string {
	if len(key) > maskable || secretKey.MatchString(key) {
		return Mask
	}
	return maskText(value)
}

// maskEnv masks KEY=value lines; the keys stay.
func maskEnv(env []string) []string {
	masked := make([]string, len(env))
	for i, line := range env {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			masked[i] = line
			continue
		}
		masked[i] = key + "=" + maskValue(key, value)
	}
	return masked
}

// maskArgs masks a command's arguments: --token=x, --token x, and secrets inside shell text.
func maskArgs(args []string) []string {
	masked := make([]string, len(args))
	hideNext := false
	for i, arg := range args {
		key, value, assigns := strings.Cut(arg, "=")
		switch {
		case hideNext:
			masked[i] = Mask
		case assigns && !strings.ContainsAny(key, " \t\n"):
			masked[i] = key + "=" + maskValue(key, value)
		default:
			masked[i] = maskText(arg)
		}
		hideNext = !hideNext && strings.HasPrefix(arg, "-") && !assigns && secretKey.MatchString(arg)
	}
	return masked
}

// maskMap masks labels or an event's attributes.
func maskMap(m map[string]string) map[string]string {
	masked := maps.Clone(m)
	for k, v := range masked {
		masked[k] = maskValue(k, v)
	}
	return masked
}

// MaskEvent hides what an event tells those who may not see secrets: the command line that
// the daemon puts into exec actions, attributes (all labels are among them) that look secret,
// and who caused it.
func MaskEvent(e dockerx.Event) dockerx.Event {
	e.Action = maskAction(e.Action)
	e.Attrs = maskMap(e.Attrs)
	delete(e.Attrs, AttrActor)
	delete(e.Attrs, AttrAudit)
	return e
}

// maskAction cuts off the command line of an exec action.
func maskAction(action string) string {
	if strings.HasPrefix(action, "exec_") {
		action, _, _ = strings.Cut(action, ":")
	}
	return action
}

// maskDetails hides what someone of a role below admin may not see of a container, and from
// those below operator where its bind mounts come from. The original stays as it is.
func maskDetails(d *dockerx.Details, role Role) *dockerx.Details {
	m := *d
	m.Config.Env = maskEnv(d.Config.Env)
	m.Config.Cmd = maskArgs(d.Config.Cmd)
	m.Config.Entrypoint = maskArgs(d.Config.Entrypoint)
	m.Config.Labels = maskMap(d.Config.Labels)
	if role.atLeast(RoleOperator) {
		return &m
	}
	m.Mounts = slices.Clone(d.Mounts)
	for i := range m.Mounts {
		if m.Mounts[i].Type == "bind" {
			m.Mounts[i].Source = ""
		}
	}
	return &m
}
