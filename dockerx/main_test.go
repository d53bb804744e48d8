package dockerx

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks for leaked goroutines. It ignores a leak in x/crypto/ssh: if a channel is opened at the moment when the
// connection ends, after the list of channels to close was emptied, openChannel waits forever (mux.loop, mux.openChannel).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("golang.org/x/crypto/ssh.(*mux).openChannel"))
}
