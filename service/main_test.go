package service

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rounds returns how many times to run a race: few, or often with WHARF_TEST_LONG=1.
func rounds(few, often int) int {
	if os.Getenv("WHARF_TEST_LONG") != "" {
		return often
	}
	return few
}
