package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// moduleRoot is where go.mod stands.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
