package stats

import (
	"context"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wharf/util/apperr"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if !reflect.ValueOf(unmeasured).IsZero() {
			panic("unmeasured was written")
		}
		os.Exit(code)
	}))
}

var errDown = apperr.New(apperr.Unavailable, "cannot reach the Docker daemon")

// fakeEngine is an engine for use inside a synctest bubble, whose clock determines its answers.
type fakeEngine struct {
	mu       sync.Mutex
	profile  Profile
	list     []Container
	slow     time.Duration // time for a sample, on an engine that answers directly
	hangs    map[string]bool
	stopped  map[string]bool // containers whose samples are empty
	down     error
	lies     string               // sent instead of samples
	began    map[string]time.Time // when the counters were zero
	lists    int
	profiles int
	samples  map[string]int
}

// cpuShare is the CPU usage of each fake container, as docker stats shows it.
const cpuShare = 30.0

func newFake(major, n int) *fakeEngine {
	f := &fakeEngine{
		profile: Profile{Major: major}, hangs: map[string]bool{}, stopped: map[string]bool{},
		began: map[string]time.Time{}, samples: map[string]int{},
	}
	for i := range n {
		f.list = append(f.list, fakeContainer(i))
		f.began[fakeID(i)] = time.Now().Add(-time.Hour)
	}
	return f
}

func fakeID(i int) string { return fmt.Sprintf("%064x", i+1) }

func fakeContainer(i int) Container {
	return Container{ID: fakeID(i), Name: fmt.Sprintf("c%d", i), Labels: map[string]string{}, Running: true}
}

func (f *fakeEngine) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeEngine) List(ctx context.Context) ([]Container, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists++
	if f.hangs["list"] {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		return nil, errDown
	}
	return append([]Container{}, f.list...), f.down
}

func (f *fakeEngine) Profile(context.Context) (Profile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.profiles++
	return f.profile, f.down
}

func (f *fakeEngine) Stats(ctx context.Context, id string, stream bool) (io.ReadCloser, error) {
	f.mu.Lock()
	f.samples[id]++
	down, hangs, profile, slow := f.down, f.hangs[id] || f.hangs["*"], f.profile, f.slow
	f.mu.Unlock()
	switch {
	case down != nil:
		return nil, down
	case hangs:
		<-ctx.Done()
		return nil, errDown
	case profile.waits():
		slow = time.Second
	}
	// No timer if slow is 0: the race detector supports only about 16,000 timers in a bubble.
	if slow > 0 && !sleepUntil(ctx, time.Now().Add(slow)) {
		return nil, errDown
	}
	return &fakeBody{f: f, ctx: ctx, id: id, stream: stream}, nil
}

// fakeBody is a body with one frame, or, with stream, one each second.
type fakeBody struct {
	f      *fakeEngine
	ctx    context.Context //nolint:containedctx // of the request
	id     string
	stream bool
	frames int
	rest   io.Reader
}

func (b *fakeBody) Read(p []byte) (int, error) {
	if b.rest != nil {
		if n, err := b.rest.Read(p); err == nil {
			return n, nil
		}
	}
	if b.frames > 0 && (!b.stream || !sleepUntil(b.ctx, time.Now().Add(time.Second))) {
		return 0, io.EOF
	}
	b.frames++
	b.rest = strings.NewReader(b.f.sample(b.id) + "\n")
	return b.rest.Read(p)
}

func (b *fakeBody) Close() error { return nil }

func (f *fakeEngine) sample(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lies != "" {
		return f.lies
	}
	if f.stopped[id] {
		return `{"read":"0001-01-01T00:00:00Z"}`
	}
	age := time.Since(f.began[id])
	return fmt.Sprintf(`{"read":%q,"cpu_stats":{"cpu_usage":{"total_usage":%d},"online_cpus":2},"memory_stats":{"usage":%d,"limit":1000000},`+
		`"networks":{"eth0":{"rx_bytes":%d,"tx_bytes":5}},"pids_stats":{"current":1}}`,
		time.Now().Format(time.RFC3339Nano), int64(age.Seconds()*cpuShare/100*1e9), 4096*10, int64(age.Seconds()*1000))
}

// asked returns how many requests for samples there were.
func (f *fakeEngine) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, k := range f.samples {
		n += k
	}
	return n
}

func (f *fakeEngine) counts() (lists, profiles int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lists, f.profiles
}

// askedFor returns how many requests for samples of one container there were.
func (f *fakeEngine) askedFor(id string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.samples[id]
}
