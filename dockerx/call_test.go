package dockerx

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"wharf/dockerx/engine"

	"github.com/stretchr/testify/require"
)

// If opening fails at the same moment as its deadline passes, open returns an error, whichever comes first.
func TestAnOpeningThatFailsAsItsTimeIsUp(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			h, err := newHost(HostConfig{Name: "a", Addr: "unix:///nowhere"}, Options{})
			require.NoError(t, err)
			defer h.close()
			h.eng = struct{ engine.API }{}
			_, err = open(t.Context(), h, "open", time.Second, func(context.Context, engine.Follows) (io.ReadCloser, error) {
				<-time.After(time.Second)
				return nil, refused
			})
			require.Error(t, err)
		})
	}
}
