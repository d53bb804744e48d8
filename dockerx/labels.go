package dockerx

import (
	"strings"
	"sync"
)

// engineAttrs are the attributes that engines themselves add to a container's events, Docker's
// and Podman's. All other attributes of such an event are the container's labels.
var engineAttrs = map[string]bool{
	"name": true, "image": true, "oldName": true, "exitCode": true, "containerExitCode": true, "signal": true,
	"execID": true, "execDuration": true, "comment": true, "imageID": true, "imageRef": true, "podId": true,
	"height": true, "width": true, "detachKeys": true, "health_status": true, "health_failing_streak": true,
	"health_log": true, "network": true, "error": true,
}

// LabelsIn returns the labels among an event's attributes, as far as they can be told apart: a label
// called like one of the engine's own attributes is not among them. It is nil for what is no event of a
// container.
func LabelsIn(typ string, attrs map[string]string) map[string]string {
	if typ != "container" {
		return nil
	}
	labels := make(map[string]string, len(attrs))
	for name, value := range attrs {
		if !engineAttrs[name] && !strings.HasPrefix(name, "wharf.") {
			labels[name] = value
		}
	}
	return labels
}

// labelBook holds the labels of a host's containers as its lists show them. A container's labels never
// change, so that it is never wrong about those that it has. It keeps those of the latest two lists: the
// events of a removed container come after it has left the list. The zero value is ready.
type labelBook struct {
	mu          sync.Mutex
	now, before map[string]map[string]string
}

// learn takes in a list. The labels are shared with its rows.
func (b *labelBook) learn(list []Container) {
	labels := make(map[string]map[string]string, len(list))
	for i := range list {
		labels[list[i].ID] = list[i].Labels
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now, b.before = labels, b.now
}

// of returns the labels of a container and whether any of the lists had it.
func (b *labelBook) of(id string) (labels map[string]string, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if labels, known = b.now[id]; !known {
		labels, known = b.before[id]
	}
	return labels, known
}
