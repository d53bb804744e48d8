//go:build !linux

package logs

// briefPause lets more of an answer come, where a short sleep is to be had.
func briefPause() {}
