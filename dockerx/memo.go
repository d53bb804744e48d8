package dockerx

import "wharf/util/memo"

// Memo keeps encodings of an immutable answer beside it, so that the same answer is encoded
// once for however many callers. The zero value is ready.
type Memo = memo.Memo
