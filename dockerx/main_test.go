package dockerx

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that stay. One isn't ours to end: a channel that x/crypto/ssh opens in the moment in which its
// connection ends is waited for without end, after the list of those to be ended was emptied (mux.loop, mux.openChannel).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("golang.org/x/crypto/ssh.(*mux).openChannel"))
}
