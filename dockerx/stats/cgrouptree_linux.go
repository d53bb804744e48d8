package stats

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// cgroupTree is the cgroup hierarchy in which containers are searched: cgroup v1's cpuacct, else v2.
type cgroupTree struct {
	dir      string // "": there is none
	v2       bool
	mounts   map[string]mount // v1: by controller; v2: under ""
	patterns []cgroupPattern  // where containers were found
	// starved: something could not be read for lack of a file descriptor.
	starved bool
}

// mount is where a hierarchy is mounted, and which of its cgroups is the root of the mount.
type mount struct{ point, top string }

// dir returns the directory of a cgroup of the hierarchy; false if the cgroup is outside the mount.
func (m mount) dir(cgroup string) (string, bool) {
	if m.top == "/" {
		return m.point + cgroup, true
	}
	rest, ok := strings.CutPrefix(cgroup, m.top)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return m.point + rest, true
}

// cgroupPattern is the pattern of containers' directories: <parent>/<before><id><after>. The name is <id> with the cgroupfs
// driver, docker-<id>.scope with the systemd driver, and libpod-<id>.scope with Podman.
type cgroupPattern struct{ parent, before, after string }

// readTree finds the hierarchy in a mountinfo file (proc(5)).
func readTree(mountinfo string) *cgroupTree {
	t := &cgroupTree{mounts: map[string]mount{}}
	text, err := os.ReadFile(mountinfo)
	if err != nil {
		t.failed(err)
		return t
	}
	for line := range strings.Lines(string(text)) {
		before, after, ok := strings.Cut(line, " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(place) < 5 || len(kind) < 3 {
			continue
		}
		m := mount{point: unescape(place[4]), top: unescape(place[3])}
		switch kind[0] {
		case "cgroup2":
			t.add("", m)
		case "cgroup":
			for _, controller := range strings.Split(kind[2], ",") {
				t.add(controller, m)
			}
		}
	}
	if m, ok := t.mounts["cpuacct"]; ok {
		t.dir = m.point
	} else if m, ok := t.mounts[""]; ok {
		t.dir, t.v2 = m.point, true
	}
	return t
}

// failed records an error in starved if it is a lack of file descriptors, which is temporary.
func (t *cgroupTree) failed(err error) { t.starved = t.starved || lacksFiles(err) }

// lacksFiles reports whether a file could not be opened because this process or the machine has too many open files.
func lacksFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// add keeps the first mount of a hierarchy: a later one is a bind mount of it.
func (t *cgroupTree) add(controller string, m mount) {
	if _, ok := t.mounts[controller]; !ok {
		t.mounts[controller] = m
	}
}

// unescape decodes mountinfo's octal escapes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// find returns the directories of the containers' cgroups. It first tries the patterns of those found before; only for the
// others does it walk through the hierarchy.
func (t *cgroupTree) find(ids []string) map[string]string {
	found := make(map[string]string, len(ids))
	missing := map[string]bool{}
	for _, id := range ids {
		if dir := t.guess(id); dir != "" {
			found[id] = dir
		} else {
			missing[id] = true
		}
	}
	if len(missing) > 0 {
		t.walk(t.dir, 0, func(id, dir string) {
			if missing[id] && found[id] == "" {
				found[id] = dir
				t.learn(id, dir)
			}
		})
	}
	return found
}

func (t *cgroupTree) guess(id string) string {
	for _, s := range t.patterns {
		dir := s.parent + "/" + s.before + id + s.after
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	return ""
}

func (t *cgroupTree) learn(id, dir string) {
	name := filepath.Base(dir)
	i := strings.Index(name, id)
	s := cgroupPattern{filepath.Dir(dir), name[:i], name[i+len(id):]}
	for _, known := range t.patterns {
		if known == s {
			return
		}
	}
	if len(t.patterns) < 16 {
		t.patterns = append(t.patterns, s)
	}
}

var idInName = regexp.MustCompile(`[0-9a-f]{64}`)

// maxLevels bounds the depth of the walk: an engine inside another engine's container is about six levels deep.
const maxLevels = 16

// walk calls met for each cgroup whose name contains a container's id, outer ones first.
func (t *cgroupTree) walk(dir string, level int, met func(id, dir string)) {
	entries, err := os.ReadDir(dir)
	if err != nil || level > maxLevels {
		t.failed(err)
		return
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		child := dir + "/" + e.Name()
		if id := idInName.FindString(e.Name()); id != "" {
			met(id, child)
		}
		t.walk(child, level+1, met)
	}
}

// firstPID returns the pid of a process in a cgroup or below it, since systemd in a container moves its processes to leaf
// cgroups; "" if there is none.
func (t *cgroupTree) firstPID(dir string, level int) string {
	text, err := os.ReadFile(dir + "/cgroup.procs")
	if err != nil {
		t.failed(err)
		return ""
	}
	if pid, _, _ := bytes.Cut(text, []byte("\n")); len(pid) > 0 && string(pid) != "0" {
		return string(pid) // 0 stands for a process outside this pid namespace
	}
	entries, err := os.ReadDir(dir)
	if err != nil || level > maxLevels {
		t.failed(err)
		return ""
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if pid := t.firstPID(dir+"/"+e.Name(), level+1); pid != "" {
			return pid
		}
	}
	return ""
}
