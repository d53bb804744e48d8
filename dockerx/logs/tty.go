package logs

import "bytes"

// parseTTY decodes the log of a container with a TTY, which has no frames: each line begins with its time and ends with CR LF.
// A long line is split into pieces of 16 KiB, each of which begins with a time. In the logs of some drivers, the last piece
// has no LF, and the next line's time follows the CR.
func (d *decoder) parseTTY() error {
	for d.start < d.end {
		b := d.buf[d.start:d.end]
		piece, ends, ok := d.piece(b)
		if !ok {
			if len(b) > maxFrame {
				return errDamaged
			}
			return nil
		}
		d.start += len(piece)
		if err := d.ttyPiece(piece, ends); err != nil {
			return err
		}
	}
	return nil
}

// piece returns the first piece of b, including the time before it and the LF after it, and whether it ends its line. ok is
// false if b doesn't contain the whole piece.
func (d *decoder) piece(b []byte) (piece []byte, ends, ok bool) {
	_, rest, timed := d.stamps.cut(b)
	if !timed {
		if len(b) <= stampLen {
			lf := bytes.IndexByte(b, '\n')
			return b[:lf+1], true, lf >= 0
		}
		rest = b
	}
	head := len(b) - len(rest)
	lf := bytes.IndexByte(rest, '\n')
	if lf >= 0 && lf <= fullFrame {
		if d.streams[Stdout].open {
			if cr := d.nextStamp(rest[:lf]); cr >= 0 {
				return b[:head+cr+1], true, true
			}
		}
		return b[:head+lf+1], true, true
	}
	if len(rest) <= fullFrame+stampLen {
		return nil, false, false
	}
	return b[:head+fullFrame], false, true
}

// nextStamp returns the index of a CR that is followed by another line's time, or -1.
func (d *decoder) nextStamp(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '\r')
		if i < 0 || from+i+1+stampLen > len(b) {
			return -1
		}
		from += i
		if s := b[from+1:]; s[4] == '-' && s[10] == 'T' {
			if _, _, ok := d.stamps.cut(s); ok {
				return from
			}
		}
		from++
	}
}

func (d *decoder) ttyPiece(piece []byte, ends bool) error {
	d.frames++
	p := &d.streams[Stdout]
	at, data, ok := d.stamps.cut(piece)
	if !ok {
		at = p.last.At
	}
	if d.repeats != nil {
		if skip, err := d.repeats.check(Stdout, at, p.read(), data); skip || err != nil {
			return err
		}
	}
	d.take(p, Stdout, at, bytes.TrimSuffix(data, []byte("\n")), ends)
	return nil
}
