package stream

import (
	"bytes"
	"encoding/json"
)

// Encode renders v as JSON without a trailing newline and without HTML escapes. Shapes of ours always encode: another value's
// failure is a bug, and a panic.
func Encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
