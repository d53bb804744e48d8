package benchterminal

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/scripts/benchkit"
)

// open opens a terminal through wharf.
func (f *fixture) open(t *testing.T, tty bool, cmd ...string) *client.Terminal {
	t.Helper()
	ticket, err := f.client.ExecInContainer(t.Context(), "bench", f.container, dto.ExecQuery{}, dto.ExecRequest{Cmd: cmd, TTY: tty})
	require.NoError(t, err)
	term, err := f.client.OpenTerminal(t.Context(), ticket.URL)
	require.NoError(t, err)
	return term
}

// echoes types one key after the other and returns how long each echo took.
func echoes(t *testing.T, in io.Writer, out io.Reader, n int) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	b := make([]byte, 1)
	for i := range took {
		began := time.Now()
		_, err := in.Write([]byte{'x'})
		require.NoError(t, err)
		_, err = io.ReadFull(out, b)
		require.NoError(t, err)
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took
}

// TestKeystrokes compares the time of a key's echo through wharf with that over the engine's own socket, in turns.
func TestKeystrokes(t *testing.T) {
	benchkit.Parallel(t)
	f := newFixture(t)
	rounds, keys := benchkit.Size(1, 5), benchkit.Size(50, 400)
	var direct, through []time.Duration
	id := f.engine.PrepareExec(t, f.container, "cat")
	in, out := f.engine.StartExec(t, id)
	framed := &unframed{r: out}
	term := f.open(t, false, "/app", "cat")
	reader, writer := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() { _, err := term.Run(writer, io.Discard); _ = writer.CloseWithError(err) })
	for range rounds {
		direct = append(direct, echoes(t, in, framed, keys)...)
		through = append(through, echoes(t, term, reader, keys)...)
	}
	require.NoError(t, term.CloseInput())
	_, _ = io.Copy(io.Discard, reader)
	running.Wait()
	slices.Sort(direct)
	slices.Sort(through)
	p50 := through[len(through)/2] - direct[len(direct)/2]
	p99 := through[len(through)*99/100] - direct[len(direct)*99/100]
	benchkit.Figure("keystroke echo above the engine's own, p50 / p99", "≤ 1 ms / ≤ 5 ms", "%.2f ms / %.2f ms (engine %.2f / %.2f ms)",
		ms(p50), ms(p99), ms(direct[len(direct)/2]), ms(direct[len(direct)*99/100]))
	benchkit.Within(t, p50 <= time.Millisecond && p99 <= 5*time.Millisecond, "a keystroke takes too long")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// unframed removes the eight-byte headers of the engine's frames, for frames of a single stream.
type unframed struct {
	r    *bufio.Reader
	left int
}

func (u *unframed) Read(p []byte) (int, error) {
	if u.left == 0 {
		var head [8]byte
		if _, err := io.ReadFull(u.r, head[:]); err != nil {
			return 0, err
		}
		u.left = int(head[4])<<24 | int(head[5])<<16 | int(head[6])<<8 | int(head[7])
	}
	n, err := u.r.Read(p[:min(len(p), u.left)])
	u.left -= n
	return n, err
}

// TestThroughput compares wharf with docker exec, in turns: a file of random bytes that cat prints, and one that is sent through cat and
// back. The latter costs more, since a client must mask its messages.
func TestThroughput(t *testing.T) {
	benchkit.Parallel(t)
	size := benchkit.Size(4<<20, 100<<20)
	file, sum := randomFile(t, size)
	f := newFixture(t, file+":/file:ro")
	for _, c := range []struct {
		what, must string
		least      float64
		input      string
		cmd        []string
	}{
		{"throughput of cat FILE against docker exec", "≥ 0.8×", 0.8, "", []string{"/app", "cat", "/file"}},
		{"the same, input and output at once", "≥ 0.8×", 0.8, file, []string{"/app", "cat"}},
	} {
		var docker, through time.Duration
		for range benchkit.Size(1, 3) {
			docker += timed(func() { require.Equal(t, sum, dockerExec(t, f, c.input, c.cmd...), "docker exec") })
			through += timed(func() { require.Equal(t, sum, wharfExec(t, f, c.input, c.cmd...), "wharf") })
		}
		ratio := docker.Seconds() / through.Seconds()
		benchkit.Figure(c.what, c.must, "%.2f× (%d MB: %s against %s); the same hash",
			ratio, size>>20, through.Round(time.Millisecond), docker.Round(time.Millisecond))
		benchkit.Within(t, ratio >= c.least, c.what)
	}
}

// TestHundredMegabytes sends a file of random bytes through cat and back.
func TestHundredMegabytes(t *testing.T) {
	benchkit.Parallel(t)
	file, sum := randomFile(t, 100<<20)
	f := newFixture(t)
	require.Equal(t, sum, wharfExec(t, f, file, "/app", "cat"))
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func randomFile(t *testing.T, size int) (name, sum string) {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "random")
	require.NoError(t, err)
	h := sha256.New()
	_, err = io.CopyN(io.MultiWriter(file, h), rand.NewChaCha8([32]byte{1}), int64(size))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return file.Name(), fmt.Sprintf("%x", h.Sum(nil))
}

// opened opens a file; "" means no input.
func opened(t *testing.T, name string) io.Reader {
	t.Helper()
	if name == "" {
		return strings.NewReader("")
	}
	file, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// dockerExec runs a command with Docker's own client and returns the hash of its output.
func dockerExec(t *testing.T, f *fixture, input string, cmd ...string) string {
	t.Helper()
	h := sha256.New()
	run := exec.CommandContext(t.Context(), "docker", append([]string{"-H", f.engine.Addr, "exec", "-i", f.container}, cmd...)...)
	run.Stdin, run.Stdout, run.Stderr = opened(t, input), h, os.Stderr
	require.NoError(t, run.Run())
	return fmt.Sprintf("%x", h.Sum(nil))
}

// wharfExec runs a command with wharf's client and returns the hash of its output.
func wharfExec(t *testing.T, f *fixture, input string, cmd ...string) string {
	t.Helper()
	term := f.open(t, false, cmd...)
	var sending sync.WaitGroup
	sending.Go(func() {
		_, err := io.Copy(term, opened(t, input))
		if err == nil && input != "" {
			err = term.CloseInput()
		}
		if err != nil {
			t.Error(err)
		}
	})
	h := sha256.New()
	code, err := term.Run(h, os.Stderr)
	require.NoError(t, err)
	require.Zero(t, code)
	sending.Wait()
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestIdleTerminals opens many idle terminals, then opens and closes many more: nothing may be left of them.
func TestIdleTerminals(t *testing.T) {
	benchkit.Parallel(t)
	f := newFixture(t)
	f.cycle(t, 5) // warm-up
	n := benchkit.Size(10, 200)
	before, files, goroutines := f.Resident("VmRSS"), f.Descriptors(), f.goroutines(t)
	all := make([]*client.Terminal, n)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make([]chan struct{}, n)
	for i := range all {
		all[i], ended[i] = f.open(t, true, "/app", "cat"), make(chan struct{})
		go func() {
			defer close(ended[i])
			_, _ = all[i].Run(io.Discard, io.Discard)
		}()
	}
	each := float64(f.Resident("VmRSS")-before) / float64(n) / 1024
	benchkit.Figure(fmt.Sprintf("%d idle terminals, each", n), "≤ 60 KiB", "%.1f KiB", each)
	benchkit.Within(t, each <= 60, "memory of an idle terminal")
	for i, term := range all { // one by one: containerd's shim blocks forever if 200 end at once
		_, _ = term.Write([]byte{4})
		<-ended[i]
	}
	f.allEnded(ctx, t)

	cycles := benchkit.Size(10, 1000)
	f.cycle(t, cycles)
	f.allEnded(ctx, t)
	left := 0
	require.Eventually(t, func() bool { left = f.Descriptors() - files; return left <= 2 }, time.Minute, 50*time.Millisecond, "descriptors stay: %d", left)
	stay := 0
	require.Eventually(t, func() bool { stay = f.goroutines(t) - goroutines; return stay <= 2 }, time.Minute, 50*time.Millisecond, "goroutines stay: %d", stay)
	benchkit.Figure(fmt.Sprintf("%d opens and closes", cycles), "goroutines, descriptors ±0", "%+d, %+d", stay, left)
}

// cycle opens n terminals, one after the other, and ends their processes.
func (f *fixture) cycle(t *testing.T, n int) {
	t.Helper()
	for range n {
		term := f.open(t, false, "/app", "exit", "0")
		var out strings.Builder
		code, err := term.Run(&out, &out)
		require.NoError(t, err)
		require.Zero(t, code)
	}
}

func (f *fixture) allEnded(ctx context.Context, t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, err := f.client.ListTerminals(ctx)
		return err == nil && len(all) == 0
	}, 2*time.Minute, 50*time.Millisecond, "terminals stay open")
}
