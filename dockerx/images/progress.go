package images

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// maxLayers is how many layers of a pull are counted.
const maxLayers = 1000

// Progress is the progress of a pull. Its numbers grow as the engine discovers more layers, and never decrease.
type Progress struct {
	Step       string // waiting, downloading, extracting or done: of the most advanced layer
	Layers     int    // known so far
	LayersDone int
	Bytes      int64 // downloaded
	Total      int64 // to download, as far as known; without layers that the engine has already
}

// message is one line of an engine's answer to a pull.
type message struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Error    string `json:"error"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	ErrorDetail struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

type layer struct {
	bytes, total int64
	done         bool
}

// tracker computes the Progress from an engine's lines.
type tracker struct {
	layers map[string]*layer
	digest string // of the name in the registry; "" if the engine doesn't report it
	now    Progress
}

var layerPattern = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

// add processes a line. If the line reports that the pull failed, it returns the engine's message.
func (t *tracker) add(line []byte) (failure string, err error) {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return "", fmt.Errorf("a line of a pull: %w", err)
	}
	switch {
	case m.ErrorDetail.Message != "":
		return m.ErrorDetail.Message, nil
	case m.Error != "":
		return m.Error, nil
	}
	if digest, ok := strings.CutPrefix(m.Status, "Digest: "); ok && IsID(digest) {
		t.digest = digest
	}
	if layerPattern.MatchString(m.ID) {
		t.addLayer(&m)
	}
	return "", nil
}

func (t *tracker) addLayer(m *message) {
	l := t.layers[m.ID]
	if l == nil {
		if len(t.layers) >= maxLayers {
			return
		}
		if t.layers == nil {
			t.layers = map[string]*layer{}
		}
		l = new(layer)
		t.layers[m.ID] = l
	}
	switch m.Status {
	case "Downloading":
		l.bytes, l.total = max(l.bytes, m.Progress.Current), max(l.total, m.Progress.Total)
		t.reach("downloading")
	case "Verifying Checksum", "Download complete":
		l.bytes = l.total
	case "Extracting":
		l.bytes = l.total
		t.reach("extracting")
	case "Pull complete", "Already exists":
		l.bytes, l.done = l.total, true
	}
	t.sum()
}

// steps gives the order of the steps.
var steps = map[string]int{"": 0, "waiting": 1, "downloading": 2, "extracting": 3, "done": 4}

func (t *tracker) reach(step string) {
	if steps[step] > steps[t.now.Step] {
		t.now.Step = step
	}
}

func (t *tracker) sum() {
	t.now.Layers, t.now.LayersDone, t.now.Bytes, t.now.Total = len(t.layers), 0, 0, 0
	for _, l := range t.layers {
		t.now.Bytes += l.bytes
		t.now.Total += l.total
		if l.done {
			t.now.LayersDone++
		}
	}
	t.reach("waiting")
}
