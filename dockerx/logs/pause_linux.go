package logs

import (
	"time"

	"golang.org/x/sys/unix"
)

// briefPause lets more of an answer come. It blocks its thread: a sleep of the runtime's takes a millisecond, in which an engine
// fills the connection and stops, and costs as much time of the processor as the reads that it saves.
func briefPause() {
	pause := unix.NsecToTimespec(int64(pauseTime))
	_ = unix.Nanosleep(&pause, nil)
}

const pauseTime = 200 * time.Microsecond
