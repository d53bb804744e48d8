package benchkit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dumpFile is the file, in the process's directory, to which a dumping wharf writes.
const dumpFile = "goroutines"

// Dumping starts a wharf that dumps its goroutines on request: the same program, built with testdata/dump.go as an overlay. It can
// be used by the packages next to this one.
func Dumping(t testing.TB, settings ...string) *Process {
	t.Helper()
	here, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(here, "..", "..", "dump.go"): filepath.Join(here, "..", "benchkit", "testdata", "dump.go"),
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	path := filepath.Join(dir, "wharf")
	require.NoError(t, build(path, "-overlay", filepath.Join(dir, "overlay.json")))
	return WharfAt(t, path, append(settings, "GOROUTINES="+dumpFile)...)
}

// Goroutines returns the stacks of all goroutines of a dumping process, separated by empty lines.
func (p *Process) Goroutines() string {
	p.t.Helper()
	path := filepath.Join(p.Dir, dumpFile)
	_ = os.Remove(path)
	require.NoError(p.t, syscall.Kill(p.PID(), syscall.SIGUSR1))
	var dump []byte
	require.Eventually(p.t, func() bool {
		var err error
		dump, err = os.ReadFile(path)
		return err == nil
	}, time.Minute, 10*time.Millisecond, "no dump of goroutines")
	return string(dump)
}
