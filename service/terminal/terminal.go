package terminal

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"wharf/dockerx"
	"wharf/service"
	"wharf/util/apperr"
)

// Why a terminal ended other than by its process's end.
const (
	ClientLeft  = "the client left"
	RightsEnded = "the session or its rights ended"
	IdleTooLong = "there was no input for too long"
	OpenTooLong = "it was open for too long"
	EndedByHand = "it was ended from outside"
	ServerEnds  = "the server is stopping"
	EngineLost  = "the connection to the engine was lost"
)

const (
	// exitPatience is how long an engine may take from the end of the output to the exit code.
	exitPatience = 5 * time.Second
	// hangUpPatience is how long a process may take to end once its terminal is gone.
	hangUpPatience = 2 * time.Second
)

// hangUp is what a TTY gets for its end: end of input for the program that reads it, then the command that leaves the
// shell behind it. Docker itself has no way to end an exec.
const hangUp = "\x04exit\r"

// Terminal is one open terminal, until Close. Its methods are safe for concurrent use.
type Terminal struct {
	Info

	process *dockerx.Terminal
	record  *recording
	in, out atomic.Int64
	idle    *time.Timer
	idleFor time.Duration

	endOnce  sync.Once
	copyOnce sync.Once
	ended    chan struct{} // closed by end
	reason   string        // why; set before ended is closed
	copied   chan struct{} // closed when the output has ended
	over     bool          // the output ended by itself: the process closed it
	closed   func(error)   // gives back what the terminal holds of Terminals, and completes its row
}

// Info is what the list of terminals says of one.
type Info struct {
	ID      uuid.UUID
	User    string
	Address string // the client's
	Since   time.Time
	Request service.TerminalRequest

	holder, user uuid.UUID
}

// Bytes returns how much input and output there was.
func (t *Terminal) Bytes() (in, out int64) { return t.in.Load(), t.out.Load() }

// Input sends what was typed. Errors: the connection's.
func (t *Terminal) Input(p []byte) error {
	t.idle.Reset(t.idleFor)
	t.in.Add(int64(len(p)))
	_, err := t.process.Write(p)
	return err
}

// CloseInput ends the process's standard input.
func (t *Terminal) CloseInput() error { return t.process.CloseInput() }

// Resize sets the size, in characters.
func (t *Terminal) Resize(ctx context.Context, columns, rows uint16) error {
	if !t.process.TTY || columns == 0 || rows == 0 {
		return nil
	}
	t.record.resize(columns, rows)
	return t.process.Resize(ctx, columns, rows)
}

// TTY reports whether output and errors come as one.
func (t *Terminal) TTY() bool { return t.process.TTY }

// Output writes output and errors until they end or the terminal is ended, and then returns; a writer that fails ends
// the terminal. A writer may still be in a call when Output returns. Later calls write nothing.
func (t *Terminal) Output(out, errs io.Writer) {
	t.copyOnce.Do(func() { go t.copy(out, errs) })
	select {
	case <-t.copied:
	case <-t.ended:
	}
}

func (t *Terminal) copy(out, errs io.Writer) {
	defer close(t.copied)
	lost := &lostWriter{}
	err := t.process.Copy(t.counted(out, lost), t.counted(errs, lost))
	switch {
	case lost.failed:
		t.end(ClientLeft)
	case err != nil:
		t.end(EngineLost)
	default:
		t.over = true
	}
}

// Status is how a terminal ended.
type Status struct {
	// Exited reports that the process ended, with Code.
	Exited bool
	Code   int
	// Reason says why the terminal ended though its process didn't end by itself.
	Reason string
}

// Status returns how the terminal ended, once Output has returned. An engine takes a moment to report an exit code.
func (t *Terminal) Status(ctx context.Context) Status {
	select {
	case <-t.ended:
		return Status{Reason: t.reason}
	default:
	}
	code, err := t.process.Exit(ctx, exitPatience)
	if err != nil {
		return Status{Reason: "its output ended, and the engine doesn't say how the process did"}
	}
	return Status{Exited: true, Code: code}
}

// Leave ends the terminal because its client is gone.
func (t *Terminal) Leave() { t.end(ClientLeft) }

// end ends the terminal for one reason, the first.
func (t *Terminal) end(reason string) {
	t.endOnce.Do(func() {
		t.reason = reason
		close(t.ended)
	})
}

// errLeftRunning is what the audit has of a process that outlived its terminal.
func errLeftRunning(reason string) error {
	return apperr.New(apperr.Conflict, "%s; the process did not end with its terminal and is left running", reason)
}

// Close ends the terminal and lets its process go: one that still runs is hung up as well as Docker can, unless it is the
// container's own. The error, a Conflict, says that it runs on. It is called once.
func (t *Terminal) Close() error {
	t.idle.Stop()
	t.end(ClientLeft)                // unless there is a reason
	t.Output(io.Discard, io.Discard) // unless it is under way: a process whose output isn't read would be held up
	err := t.hangUp(context.Background())
	_ = t.process.Close()
	<-t.copied
	t.record.close()
	t.closed(err)
	return err
}

func (t *Terminal) hangUp(ctx context.Context) error {
	if t.Request.Attach {
		return nil
	}
	if !t.outputEnded() {
		go func() { // a process that reads nothing holds it up until the connection is closed
			if t.process.TTY {
				_, _ = t.process.Write([]byte(hangUp))
			}
			_ = t.process.CloseInput()
		}()
	}
	_, err := t.process.Exit(ctx, hangUpPatience)
	switch {
	case err == nil, apperr.KindOf(err) == apperr.NotFound: // gone with its container
		return nil
	case dockerx.IsStillRunning(err):
		return errLeftRunning(t.reason)
	}
	return err
}

func (t *Terminal) outputEnded() bool {
	select {
	case <-t.copied:
		return t.over
	default:
		return false
	}
}

// counted counts and records what passes to w.
func (t *Terminal) counted(w io.Writer, lost *lostWriter) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		t.out.Add(int64(len(p)))
		t.record.write(p)
		select {
		case <-t.ended: // read on, so that the process isn't held up while it is hung up
			return len(p), nil
		default:
		}
		n, err := w.Write(p)
		if err != nil {
			lost.failed = true
		}
		return n, err
	})
}

// lostWriter remembers that the client's side failed, and not the engine's.
type lostWriter struct{ failed bool }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

var errNoTerminal = apperr.New(apperr.NotFound, "no such terminal")

// errOff is what callers get while terminals are switched off.
var errOff = apperr.New(apperr.Forbidden, "terminals are switched off: EXEC_ENABLED")
