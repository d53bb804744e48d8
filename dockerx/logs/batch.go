package logs

import (
	"bytes"
	"sync"
	"time"
	"unicode/utf8"

	"wharf/util/memo"
)

// maxText is how many bytes of a line are kept.
const maxText = 256 << 10

// Line is one line of a Batch, which holds its text.
type Line struct {
	Position
	Cut      bool // the text was longer than 256 KiB
	from, to int
}

// Batch holds consecutive lines of one container's log. Functions that reuse a batch say so; any other batch is immutable
// once it is passed on, and may be shared.
type Batch struct {
	Lines []Line
	text  []byte
	memo.Memo
}

// Text returns the text of line i: valid UTF-8 without the newline. The caller must not change it.
func (b *Batch) Text(i int) []byte { return b.text[b.Lines[i].from:b.Lines[i].to] }

// Bytes estimates the batch's memory.
func (b *Batch) Bytes() int { return cap(b.text) + 40*cap(b.Lines) + 128 }

// Last returns the position of the batch's last line. The batch must not be empty.
func (b *Batch) Last() Position { return b.Lines[len(b.Lines)-1].Position }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.Lines, b.text = b.Lines[:0], b.text[:0] }

// reused is the pool of batches of reads that have ended.
var reused = sync.Pool{New: func() any { return &Batch{} }}

func reusedBatch() *Batch { return reused.Get().(*Batch) }

// release returns the batch to the pool, unless long lines have made it large. It must not be used afterwards.
func (b *Batch) release() {
	if cap(b.text) <= 4*batchBytes {
		b.Reset()
		reused.Put(b)
	}
}

// add copies a line into the batch.
func (b *Batch) add(p Position, cut bool, text []byte) {
	from := len(b.text)
	if utf8.Valid(text) {
		b.text = append(b.text, text...)
	} else {
		b.text = append(b.text, bytes.ToValidUTF8(text, []byte("\uFFFD"))...)
	}
	b.Lines = append(b.Lines, Line{Position: p, Cut: cut, from: from, to: len(b.text)})
}

// AddFrom copies line i of another batch.
func (b *Batch) AddFrom(other *Batch, i int) {
	l := other.Lines[i]
	from := len(b.text)
	b.text = append(b.text, other.Text(i)...)
	l.from, l.to = from, len(b.text)
	b.Lines = append(b.Lines, l)
}

// Clone returns a copy without spare capacity.
func (b *Batch) Clone() *Batch {
	return &Batch{Lines: append(make([]Line, 0, len(b.Lines)), b.Lines...), text: append(make([]byte, 0, len(b.text)), b.text...)}
}

// Gap reports that lines between two times of the engine's clock may be missing.
type Gap struct {
	From, To time.Time
	Reason   string
}

// The reasons of gaps.
const (
	ReasonRotated   = "rotated away before it was read"
	ReasonTruncated = "the log was truncated or replaced"
	ReasonEngine    = "the engine could not read its log"
	ReasonSlow      = "the engine's own follower fell behind"
)
