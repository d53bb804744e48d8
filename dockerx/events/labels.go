package events

import "strings"

// engineAttrs are the attributes that Docker and Podman add to a container's events. All other attributes of such an event
// are the container's labels.
var engineAttrs = map[string]bool{
	"name": true, "image": true, "oldName": true, "exitCode": true, "containerExitCode": true, "signal": true,
	"execID": true, "execDuration": true, "comment": true, "imageID": true, "imageRef": true, "podId": true,
	"height": true, "width": true, "detachKeys": true, "health_status": true, "health_failing_streak": true,
	"health_log": true, "network": true, "error": true,
}

// LabelsIn returns the labels among an event's attributes. A label with the name of one of the engine's own attributes can't
// be distinguished from it, and is left out. For an event that isn't a container's it returns nil.
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
