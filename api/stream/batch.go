package stream

import "sync"

// Batch takes what a Poller has, for as few writes as can be.
type Batch struct {
	stream *stream
	bytes  []byte // the first chunkPrefix are the sink's
	err    error
}

// batches are shared by all streams: a quiet one has none.
var batches = sync.Pool{New: func() any { return &Batch{bytes: make([]byte, chunkPrefix, 2<<10)} }}

func newBatch(s *stream) *Batch {
	b := batches.Get().(*Batch)
	b.stream, b.bytes, b.err = s, b.bytes[:chunkPrefix], nil
	return b
}

// Append adds whole items that are encoded in the stream's format. The bytes are copied. It writes, and may wait
// for the client, when 64 KiB are there. An error is for Poll to return.
func (b *Batch) Append(encoded []byte, items int) error {
	b.bytes = append(b.bytes, encoded...)
	b.stream.items += int64(items)
	if len(b.bytes) < batchBytes {
		return b.err
	}
	return b.flush()
}

// Blocking runs f, which may block, and lets another worker take over meanwhile.
func (b *Batch) Blocking(f func()) { b.stream.pool.blocking(f) }

// flush writes what is there. After an error it does nothing but return it.
func (b *Batch) flush() error {
	if b.err == nil && len(b.bytes) > chunkPrefix {
		b.err = b.stream.write(b.bytes)
		b.bytes = b.bytes[:chunkPrefix]
	}
	return b.err
}

// release gives the batch back, unless a huge item has made it huge.
func (b *Batch) release() {
	b.stream = nil
	if cap(b.bytes) <= 4*batchBytes {
		batches.Put(b)
	}
}
