package password

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

func TestHashKeepsItsParametersAndMatchesOnlyItsPassword(t *testing.T) {
	t.Parallel()
	h, ctx := New(Options{}), t.Context()
	hash, err := h.Hash(ctx, "123123")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	match, outdated, err := h.Check(ctx, "123123", hash)
	require.NoError(t, err)
	require.True(t, match)
	require.False(t, outdated)
	match, _, err = h.Check(ctx, "123124", hash)
	require.NoError(t, err)
	require.False(t, match)
}

func TestLongPasswordIsNotCut(t *testing.T) {
	t.Parallel()
	h, ctx := New(Options{}), t.Context()
	long := strings.Repeat("x", 1024)
	hash, err := h.Hash(ctx, long)
	require.NoError(t, err)
	match, _, err := h.Check(ctx, long[:1023]+"y", hash)
	require.NoError(t, err)
	require.False(t, match)
}

func TestOldParametersAreOutdated(t *testing.T) {
	t.Parallel()
	old, err := argon2id.CreateHash("123123", &argon2id.Params{Memory: 8 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	require.NoError(t, err)
	match, outdated, err := New(Options{}).Check(t.Context(), "123123", old)
	require.NoError(t, err)
	require.True(t, match)
	require.True(t, outdated)
}

func TestUnknownUserNeverMatches(t *testing.T) {
	t.Parallel()
	match, outdated, err := New(Options{}).Check(t.Context(), "no user has this password", "")
	require.NoError(t, err)
	require.False(t, match)
	require.False(t, outdated)
}

func TestUnknownUserCostsWhatAKnownOneDoes(t *testing.T) {
	t.Parallel()
	match, used, err := argon2id.CheckHash("no user has this password", New(Options{}).dummy())
	require.NoError(t, err)
	require.True(t, match)
	require.Equal(t, params, *used)
}

func TestFullQueueIsTooManyForItsOwnClassAlone(t *testing.T) {
	t.Parallel()
	h := New(Options{Workers: 1, Queue: 1})
	require.NoError(t, h.queue.acquire(t.Context(), Suspect)) // occupies the only worker
	ctx, cancel := context.WithCancel(t.Context())
	waiting := waitFor(ctx, h.queue, Suspect)
	_, err := h.At(Suspect).Hash(ctx, "123123")
	require.Equal(t, apperr.TooMany, apperr.KindOf(err))
	e, _ := apperr.As(err)
	require.Positive(t, e.RetryAfter)
	known := waitFor(t.Context(), h.queue, Known)
	cancel()
	require.ErrorIs(t, <-waiting, context.Canceled)
	h.queue.release()
	require.NoError(t, <-known)
}

// waitFor calls acquire in the background. It returns when the call has its place in the queue; the channel receives the
// result.
func waitFor(ctx context.Context, q *queue, class Class) <-chan error {
	came := make(chan error, 1)
	length := func() int {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.waiting[class])
	}
	before := length()
	go func() { came <- q.acquire(ctx, class) }()
	for length() == before {
		runtime.Gosched()
	}
	return came
}

func TestWorkersGoToTheBestClassAndThenToTheFirst(t *testing.T) {
	t.Parallel()
	q := &queue{room: 9, idle: 1}
	require.NoError(t, q.acquire(t.Context(), Suspect))
	left, leave := context.WithCancel(t.Context())
	gone := waitFor(left, q, Known)
	suspect := waitFor(t.Context(), q, Suspect)
	normal := waitFor(t.Context(), q, Normal)
	first := waitFor(t.Context(), q, Known)
	second := waitFor(t.Context(), q, Known)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	for _, turn := range []<-chan error{first, second, normal, suspect} {
		q.release()
		require.NoError(t, <-turn)
	}
	q.release()
	require.Equal(t, 1, q.idle)
}
