package terminal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"wharf/service"
	"wharf/util/apperr"
	"wharf/util/asciicast"
)

// recording writes a terminal's output to a file. A nil *recording does nothing.
type recording struct {
	mu   sync.Mutex
	file *os.File
	cast *asciicast.Writer
	fail func(error)
}

// newRecording begins a recording, or returns nil if recording is off. An error is only logged and doesn't end the terminal.
func (s *Terminals) newRecording(t *Terminal) *recording {
	if s.opts.Records == "" {
		return nil
	}
	fail := func(err error) {
		s.opts.Logger.Error().Err(err).Stringer("terminal", t.ID).Msg("terminal isn't recorded")
	}
	if err := os.MkdirAll(s.opts.Records, 0o700); err != nil {
		fail(err)
		return nil
	}
	file, err := os.OpenFile(s.castFile(t.ID), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		fail(err)
		return nil
	}
	title := t.Request.Host + "/" + t.Request.ContainerName + ": " + strings.Join(t.Request.Command.Args, " ")
	header := asciicast.Header{Width: 80, Height: 24, Timestamp: t.Since.Unix(), Title: title}
	return &recording{file: file, cast: asciicast.Begin(file, header, s.opts.RecordBytes), fail: fail}
}

func (s *Terminals) castFile(id uuid.UUID) string {
	return filepath.Join(s.opts.Records, id.String()+".cast")
}

func (r *recording) write(p []byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.cast.Write(p)
}

func (r *recording) resize(columns, rows uint16) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cast.Resize(fmt.Sprintf("%dx%d", columns, rows))
}

func (r *recording) close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := errors.Join(r.cast.Err(), r.file.Close()); err != nil {
		r.fail(err)
	}
}

// Cast opens a terminal's recording. The caller must close it. Errors: Forbidden unless the actor is an admin, NotFound.
func (s *Terminals) Cast(actor service.Actor, id uuid.UUID) (io.ReadCloser, error) {
	if !actor.Has(service.Administer) {
		return nil, apperr.New(apperr.Forbidden, "not allowed")
	}
	if s.opts.Records == "" {
		return nil, apperr.New(apperr.NotFound, "no recordings are made: EXEC_RECORD")
	}
	file, err := os.Open(s.castFile(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, apperr.New(apperr.NotFound, "no such recording")
	}
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	return file, nil
}

// prune deletes the recordings that were last written at least RecordKeep ago.
func (s *Terminals) prune(now time.Time) error {
	if s.opts.Records == "" {
		return nil
	}
	entries, err := os.ReadDir(s.opts.Records)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || filepath.Ext(entry.Name()) != ".cast" || now.Sub(info.ModTime()) < s.opts.RecordKeep {
			continue
		}
		errs = append(errs, os.Remove(filepath.Join(s.opts.Records, entry.Name())))
	}
	return errors.Join(errs...)
}
