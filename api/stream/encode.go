package stream

import (
	"bytes"
	"encoding/json"
)

// Encode renders v as JSON without a trailing newline and without HTML escapes. It panics if v can't be encoded: wharf's own
// shapes always can, so a failure is a bug.
func Encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
