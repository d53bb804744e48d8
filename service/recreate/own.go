package recreate

import (
	"os"
	"slices"
	"strings"
)

// isOwn reports whether this process runs in the container of that id, as far as a process can tell.
func isOwn(id string) bool {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	cgroups, _ := os.ReadFile("/proc/self/cgroup")
	name, _ := os.Hostname()
	return names(string(mounts), string(cgroups), name, id)
}

// names reports whether what the kernel says of a process names a container: by the file that is mounted at /etc/hostname,
// by the cgroup, or by the hostname, where it is the one that engines make up.
func names(mountinfo, cgroups, hostname, id string) bool {
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) > 4 && slices.Contains([]string{"/etc/hostname", "/etc/resolv.conf"}, fields[4]) && strings.Contains(fields[3], id) {
			return true
		}
	}
	return strings.Contains(cgroups, id) || len(hostname) == 12 && strings.HasPrefix(id, hostname)
}
