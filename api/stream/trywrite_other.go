//go:build !unix

package stream

import "errors"

var errWouldWait = errors.New("the write would wait")

// tryWrite leaves the write to the runtime.
func tryWrite(uintptr, []byte) (int, error) { return 0, errWouldWait }
