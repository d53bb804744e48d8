//go:build !unix

package stream

import "errors"

var errWouldWait = errors.New("the write would wait")

// tryWrite writes nothing: the runtime does all writes.
func tryWrite(uintptr, []byte) (int, error) { return 0, errWouldWait }
