package recreate

import (
	"os"
	"slices"
	"strings"
)

// isOwn reports whether this process runs in the container with the id, as far as a process can detect that.
func isOwn(id string) bool {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	cgroups, _ := os.ReadFile("/proc/self/cgroup")
	name, _ := os.Hostname()
	return names(string(mounts), string(cgroups), name, id)
}

// names reports whether the kernel's data about a process contain a container's id: in the source of the mount at
// /etc/hostname or /etc/resolv.conf, in the cgroup, or in a hostname of 12 digits, which is an engine's default.
func names(mountinfo, cgroups, hostname, id string) bool {
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) > 4 && slices.Contains([]string{"/etc/hostname", "/etc/resolv.conf"}, fields[4]) && strings.Contains(fields[3], id) {
			return true
		}
	}
	return strings.Contains(cgroups, id) || len(hostname) == 12 && strings.HasPrefix(id, hostname)
}
