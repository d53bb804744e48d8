package logs

import (
	"time"

	"golang.org/x/sys/unix"
)

// briefPause waits so that more of an answer arrives before the next read. It blocks the thread: time.Sleep would take a
// millisecond, in which the engine fills the connection and stalls, and as much CPU time as the reads that it saves.
func briefPause() {
	pause := unix.NsecToTimespec(int64(pauseTime))
	_ = unix.Nanosleep(&pause, nil)
}

const pauseTime = 200 * time.Microsecond
