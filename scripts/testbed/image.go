package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// buildApp builds the test app for the engines' Linux and returns the path of the binary, in a new directory that the caller removes.
func buildApp() (string, error) {
	dir, err := os.MkdirTemp("", "wharf-app-")
	if err != nil {
		return "", err
	}
	// The serve process reads it too, perhaps as another user through sudo.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	app := filepath.Join(dir, "app")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", app, "wharf/dockerx/dockertest/app")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test app: %w\n%s", err, out)
	}
	return app, nil
}

// appImage builds the file system of the test image: the app and an empty /tmp.
func appImage(app string) ([]byte, error) {
	binary, err := os.ReadFile(app)
	if err != nil {
		return nil, fmt.Errorf("read the test app: %w", err)
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	headers := []*tar.Header{
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "app", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(binary))},
	}
	for _, h := range headers {
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(binary); err != nil {
		return nil, err
	}
	err = w.Close()
	return buf.Bytes(), err
}
