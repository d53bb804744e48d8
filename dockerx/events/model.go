package events

import (
	"maps"
	"slices"
	"strings"
)

// The container states that events distinguish, by Docker's names.
const (
	StateCreated = "created"
	StateRunning = "running"
	StatePaused  = "paused"
	StateExited  = "exited"
)

// attrInferred marks an event that no engine sent.
const attrInferred = "wharf.inferred"

// containerModel is the state of a host's containers according to the events so far.
type containerModel struct {
	states map[string]ContainerState // by full id; nil: unknown yet
	counts stateCounts               // of states
}

// filled reports whether the model has had a first list or was restored.
func (m *containerModel) filled() bool { return m.states != nil }

func (m *containerModel) restore(states map[string]ContainerState) {
	m.states = maps.Clone(states)
	m.counts.begin(m.states)
}

func (m *containerModel) set(id string, s ContainerState) {
	if was := m.states[id].State; was != s.State {
		m.counts.add(was, -1)
		m.counts.add(s.State, 1)
	}
	m.states[id] = s
}

func (m *containerModel) remove(id string) {
	m.counts.add(m.states[id].State, -1)
	delete(m.states, id)
}

// apply updates the model by one event. A stop is ignored: it follows its die, sometimes even the destroy, and adds nothing.
func (m *containerModel) apply(e *Event) {
	if e.Type != "container" || e.ActorID == "" || m.states == nil {
		return
	}
	state, gone := StateAfter(e.Action)
	if gone {
		m.remove(e.ActorID)
		return
	}
	if state == "" && e.Action != "rename" {
		return
	}
	s := m.states[e.ActorID]
	if state != "" {
		s.State = state
	}
	if e.Attrs["name"] != "" {
		s.Name = e.ActorName
	}
	m.set(e.ActorID, s)
}

// StateAfter returns the state of a container after an action: "" if the action doesn't determine it, and gone if the action
// removes the container. Podman's died and remove are Docker's die and destroy.
func StateAfter(action string) (state string, gone bool) {
	switch action {
	case "create":
		return StateCreated, false
	case "start", "restart", "unpause":
		return StateRunning, false
	case "pause":
		return StatePaused, false
	case "die", "died":
		return StateExited, false
	case "destroy", "remove":
		return "", true
	}
	return "", false
}

// modelState maps a state in a list to one of the states that events distinguish.
func modelState(listed string) string {
	switch listed {
	case StateCreated, StateRunning, StatePaused:
		return listed
	}
	return StateExited // exited, dead, restarting, removing: no process
}

// difference is an action that must have happened, because a list differs from the model.
type difference struct {
	action string
	id     string
	name   string
	attrs  map[string]string
	labels map[string]string // nil if the container is gone from the list
}

// adopt updates the model from a list and returns the differences. Containers in except are not compared: they had later
// events, which are more recent than the list.
func (m *containerModel) adopt(list []Container, except map[string]struct{}) []difference {
	var out []difference
	listed := make(map[string]struct{}, len(list))
	for i := range list {
		c := &list[i]
		listed[c.ID] = struct{}{}
		if _, ok := except[c.ID]; ok {
			continue
		}
		was, known := m.states[c.ID]
		for _, action := range explain(was, known, c) {
			out = append(out, difference{action, c.ID, c.Name, inferredAttrs(c, was.Name, action), c.Labels})
		}
		m.set(c.ID, ContainerState{Name: c.Name, State: modelState(c.State)})
	}
	for _, id := range slices.Sorted(maps.Keys(m.states)) {
		_, there := listed[id]
		if _, ok := except[id]; ok || there {
			continue
		}
		was := m.states[id]
		attrs := map[string]string{attrInferred: "true", "name": was.Name}
		if was.State == StateRunning || was.State == StatePaused {
			out = append(out, difference{"die", id, was.Name, attrs, nil})
		}
		out = append(out, difference{"destroy", id, was.Name, attrs, nil})
		m.remove(id)
	}
	return out
}

// explain returns the actions that lead from the state was to the listed container is.
func explain(was ContainerState, known bool, is *Container) []string {
	var out []string
	if !known {
		out = append(out, "create")
		was = ContainerState{Name: is.Name, State: StateCreated}
	}
	now := modelState(is.State)
	switch {
	case was.State == now:
	case now == StateRunning && was.State == StatePaused:
		out = append(out, "unpause")
	case now == StateRunning:
		out = append(out, "start")
	case now == StatePaused && was.State == StateRunning:
		out = append(out, "pause")
	case now == StatePaused:
		out = append(out, "start", "pause")
	case now == StateExited:
		out = append(out, "die")
	}
	if was.Name != is.Name && was.Name != "" {
		out = append(out, "rename")
	}
	return out
}

// inferredAttrs returns the attributes that the engine would have sent (name, image, labels), and attrInferred.
func inferredAttrs(c *Container, oldName, action string) map[string]string {
	attrs := maps.Clone(c.Labels)
	if attrs == nil {
		attrs = make(map[string]string, 3)
	}
	attrs["name"], attrs["image"], attrs[attrInferred] = strings.TrimPrefix(c.Name, "/"), c.Image, "true"
	if action == "rename" {
		attrs["oldName"] = "/" + oldName
	}
	return attrs
}

// The limits of the model: containers, and bytes of an id or a name. A hostile engine may report any number of containers.
const (
	maxModelContainers = 50_000
	maxModelText       = 512
)

// takes reports whether the model may be updated by an event within its limits.
func (m *containerModel) takes(e *Event) bool {
	if _, ok := m.states[e.ActorID]; ok {
		return len(e.ActorName) <= maxModelText
	}
	return len(m.states) < maxModelContainers && len(e.ActorID) <= maxModelText && len(e.ActorName) <= maxModelText
}
