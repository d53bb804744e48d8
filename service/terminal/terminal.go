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

// The reasons why a terminal ended, other than the end of its process.
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
	// exitPatience is how long an engine may take to report the exit code after the end of the output.
	exitPatience = 5 * time.Second
	// hangUpPatience is how long a process may take to end after its terminal was closed.
	hangUpPatience = 2 * time.Second
)

// hangUp is sent to a TTY to end its process: end of input for the running program, then the command that exits the shell.
// Docker has no call that ends an exec.
const hangUp = "\x04exit\r"

// Terminal is one open terminal. The caller must close it. Its methods are safe for concurrent use.
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
	reason   string        // set before ended is closed
	copied   chan struct{} // closed when the output has ended
	over     bool          // the process closed the output
	closed   func(error)   // removes the terminal from Terminals, and completes its audit row
}

// Info describes a terminal.
type Info struct {
	ID      uuid.UUID
	User    string
	Address string // the client's
	Since   time.Time
	Request service.TerminalRequest

	holder, user uuid.UUID
}

// Bytes returns the number of bytes of input and output so far.
func (t *Terminal) Bytes() (in, out int64) { return t.in.Load(), t.out.Load() }

// Input sends input to the process. Errors: the connection's.
func (t *Terminal) Input(p []byte) error {
	t.idle.Reset(t.idleFor)
	t.in.Add(int64(len(p)))
	_, err := t.process.Write(p)
	return err
}

// CloseInput ends the process's standard input.
func (t *Terminal) CloseInput() error { return t.process.CloseInput() }

// Resize sets the size of a TTY, in characters. Without a TTY, or for a size of 0, it does nothing.
func (t *Terminal) Resize(ctx context.Context, columns, rows uint16) error {
	if !t.process.TTY || columns == 0 || rows == 0 {
		return nil
	}
	t.record.resize(columns, rows)
	return t.process.Resize(ctx, columns, rows)
}

// TTY reports whether the process has a TTY, which merges standard output and standard error.
func (t *Terminal) TTY() bool { return t.process.TTY }

// Output copies the process's standard output and standard error to out and errs, until they end or the terminal ends. A
// writer that fails ends the terminal. A call of a writer may still be under way when Output returns. Only the first call of
// Output copies; later ones just wait.
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

// Status describes how a terminal ended.
type Status struct {
	// Exited is true if the process ended, with the exit code Code.
	Exited bool
	Code   int
	// Reason is the reason why the terminal ended, unless Exited.
	Reason string
}

// Status returns how the terminal ended. Call it after Output has returned. It may wait for the engine to report the exit code.
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

// Leave ends the terminal because its client has disconnected.
func (t *Terminal) Leave() { t.end(ClientLeft) }

// end ends the terminal with a reason. Later calls do nothing.
func (t *Terminal) end(reason string) {
	t.endOnce.Do(func() {
		t.reason = reason
		close(t.ended)
	})
}

// errLeftRunning returns the error, for the audit, of a process that is still running after its terminal has ended.
func errLeftRunning(reason string) error {
	return apperr.New(apperr.Conflict, "%s; the process did not end with its terminal and is left running", reason)
}

// Close ends the terminal. It tries to end a process that is still running, within Docker's limits, unless that is the
// container's first process. Errors: Conflict if the process is left running. Close must be called once.
func (t *Terminal) Close() error {
	t.idle.Stop()
	t.end(ClientLeft)                // no effect if there is a reason already
	t.Output(io.Discard, io.Discard) // unless copying already: a process whose output isn't read would block
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
		go func() { // blocks until the connection is closed if the process reads no input
			if t.process.TTY {
				_, _ = t.process.Write([]byte(hangUp))
			}
			_ = t.process.CloseInput()
		}()
	}
	_, err := t.process.Exit(ctx, hangUpPatience)
	switch {
	case err == nil, apperr.KindOf(err) == apperr.NotFound: // NotFound: removed with its container
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

// counted returns a writer to w that counts and records the bytes.
func (t *Terminal) counted(w io.Writer, lost *lostWriter) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		t.out.Add(int64(len(p)))
		t.record.write(p)
		select {
		case <-t.ended: // keep reading, so that the process doesn't block while hangUp ends it
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

// lostWriter records that writing to the client failed, as opposed to reading from the engine.
type lostWriter struct{ failed bool }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

var errNoTerminal = apperr.New(apperr.NotFound, "no such terminal")

// errOff is the error for callers while terminals are disabled.
var errOff = apperr.New(apperr.Forbidden, "terminals are switched off: EXEC_ENABLED")
