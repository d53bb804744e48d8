package dockertest

import (
	"encoding/binary"
	"net/http"
	"strconv"
	"time"
)

// serveLogs answers with the container's Log. Each line is a frame of stdout; their times are a millisecond apart, the last
// an hour before the container's start.
func (d *Daemon) serveLogs(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	c, status, message := d.find(r.PathValue("id"))
	var lines []string
	if c != nil {
		lines = c.Log
	}
	d.mu.Unlock()
	if c == nil {
		Fail(w, status, message)
		return
	}
	begins := c.started.Add(-time.Hour - time.Duration(len(lines))*time.Millisecond)
	first := 0
	if tail, err := strconv.Atoi(r.URL.Query().Get("tail")); err == nil {
		first = max(0, len(lines)-tail)
	}
	w.Header().Set("Content-Type", "application/vnd.docker.raw-stream")
	w.WriteHeader(http.StatusOK)
	for i := first; i < len(lines); i++ {
		_, _ = w.Write(LogFrame(1, begins.Add(time.Duration(i)*time.Millisecond), lines[i]+"\n"))
	}
	_ = http.NewResponseController(w).Flush()
	if r.URL.Query().Get("follow") == "1" {
		d.Hang(w, r)
	}
}

// LogFrame returns a frame of a container's log as Docker sends it, with its time.
func LogFrame(stream byte, at time.Time, text string) []byte {
	payload := at.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + text
	b := append([]byte{stream, 0, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(len(payload)))...) //nolint:gosec // short
	return append(b, payload...)
}
