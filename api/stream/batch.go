package stream

import "sync"

// Batch collects the output of a Poller, so that it takes as few writes as possible.
type Batch struct {
	stream *stream
	bytes  []byte // the first chunkPrefix bytes are the sink's
	err    error
}

// batches are shared by all streams: an idle stream holds none.
var batches = sync.Pool{New: func() any { return &Batch{bytes: make([]byte, chunkPrefix, 2<<10)} }}

func newBatch(s *stream) *Batch {
	b := batches.Get().(*Batch)
	b.stream, b.bytes, b.err = s, b.bytes[:chunkPrefix], nil
	return b
}

// Append adds whole items that are encoded in the stream's format. The bytes are copied. Once it holds 64 KiB the batch is
// written, which may wait for the client. Poll returns Append's error.
func (b *Batch) Append(encoded []byte, items int) error {
	b.bytes = append(b.bytes, encoded...)
	b.stream.items += int64(items)
	if len(b.bytes) < batchBytes {
		return b.err
	}
	return b.flush()
}

// Blocking runs f, which may block, and lets another worker start meanwhile.
func (b *Batch) Blocking(f func()) { b.stream.pool.blocking(f) }

// flush writes the collected bytes. After an error it only returns that error.
func (b *Batch) flush() error {
	if b.err == nil && len(b.bytes) > chunkPrefix {
		b.err = b.stream.write(b.bytes)
		b.bytes = b.bytes[:chunkPrefix]
	}
	return b.err
}

// release puts the batch back for reuse, unless a huge item has made it huge.
func (b *Batch) release() {
	b.stream = nil
	if cap(b.bytes) <= 4*batchBytes {
		batches.Put(b)
	}
}
