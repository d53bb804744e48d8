//go:build !linux

package stats

const hostRoot = "/"

// newKernel returns nil: only Linux has files with containers' usage.
func newKernel(string, string) Source { return nil }
