package events

import "strings"

// engineAttrs are the attributes that engines themselves add to a container's events, Docker's
// and Podman's. All other attributes of such an event are the container's labels.
var engineAttrs = map[string]bool{
	"name": true, "image": true, "oldName": true, "exitCode": true, "containerExitCode": true, "signal": true,
	"execID": true, "execDuration": true, "comment": true, "imageID": true, "imageRef": true, "podId": true,
	"height": true, "width": true, "detachKeys": true, "health_status": true, "health_failing_streak": true,
	"health_log": true, "network": true, "error": true,
}

// LabelsIn returns the labels among an event's attributes, as far as they can be distinguished: a label
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
