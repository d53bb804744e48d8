//go:build !linux

package logs

// briefPause does nothing: only on Linux is there a sleep that is short enough.
func briefPause() {}
