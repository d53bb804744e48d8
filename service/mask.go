package service

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"wharf/dockerx/containers"
	"wharf/dockerx/events"
	"wharf/service/attribution"
)

// Mask replaces a value that looks secret.
const Mask = "***"

var (
	secretKey = regexp.MustCompile(`(?i)` + secretPart)
	// argKey matches the key of an argument key=value.
	argKey = regexp.MustCompile(`^[\w./\[\]-]+$`)
	// joint matches an argument that separates a key from its value.
	joint = regexp.MustCompile(`(?i)^(?:=|:|:=|bearer|basic)$`)
)

// maskValue masks a value as a whole if its key looks secret, and otherwise the parts of it that look secret.
func maskValue(key, value string) string {
	if len(key) > maskable || secretKey.MatchString(key) {
		return Mask
	}
	return maskText(value)
}

// maskEnv masks the values of KEY=value lines.
func maskEnv(env []string) []string {
	masked := make([]string, len(env))
	for i, line := range env {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			masked[i] = maskText(line)
			continue
		}
		masked[i] = key + "=" + maskValue(key, value)
	}
	return masked
}

// maskArgs masks a command's arguments: --token=x, --token x, token = x, and secrets inside shell text.
func maskArgs(args []string) []string {
	masked := make([]string, len(args))
	hideNext := false
	for i, arg := range args {
		key, value, assigns := strings.Cut(arg, "=")
		switch {
		case hideNext && joint.MatchString(arg):
			masked[i] = arg
			continue
		case hideNext:
			masked[i] = Mask
		case assigns && argKey.MatchString(key) && len(arg) <= maskable:
			masked[i] = key + "=" + maskIfAny(key, value)
		default:
			masked[i] = maskText(arg)
		}
		hideNext = !hideNext && asksForValue(args[i:])
	}
	return masked
}

// maskIfAny is like maskValue, but leaves an empty value empty.
func maskIfAny(key, value string) string {
	if value == "" {
		return ""
	}
	return maskValue(key, value)
}

// asksForValue reports whether the first argument looks secret and its value is the next argument.
func asksForValue(args []string) bool {
	arg := strings.TrimSuffix(strings.TrimSuffix(args[0], "="), ":")
	switch {
	case len(arg) > maskable || strings.ContainsAny(arg, "= \t\n") || !secretKey.MatchString(arg) && !joint.MatchString(arg):
		return false
	case arg != args[0] || strings.HasPrefix(arg, "-"):
		return true
	}
	return len(args) > 1 && joint.MatchString(args[1]) || joint.MatchString(arg)
}

// maskMap masks labels or an event's attributes.
func maskMap(m map[string]string) map[string]string {
	masked := maps.Clone(m)
	for k, v := range masked {
		masked[k] = maskValue(k, v)
	}
	return masked
}

// MaskEvent returns an event as actors below admin may see it: without the command line that the engine adds to exec
// actions, with attributes (including labels) that look secret masked, and without the attribution to an action.
func MaskEvent(e events.Event) events.Event {
	e.Action = maskAction(e.Action)
	e.Attrs = maskMap(e.Attrs)
	delete(e.Attrs, attribution.AttrActor)
	delete(e.Attrs, attribution.AttrAudit)
	return e
}

// maskAction removes the command line from an exec action.
func maskAction(action string) string {
	if strings.HasPrefix(action, "exec_") {
		action, _, _ = strings.Cut(action, ":")
	}
	return action
}

// maskDetails returns a copy of a container's details, masked for a role below admin. Roles below operator don't see the
// sources of bind mounts either.
func maskDetails(d *containers.Details, role Role) *containers.Details {
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
