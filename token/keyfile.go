package token

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// HasKey reports whether a key file exists.
func HasKey(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// LoadOrCreateKey returns the key in a file. It creates the file (0600, its folder 0700) if it is missing. Concurrent processes
// get the same key. Errors: a file that can't be read or created, that other users can read, or that has no valid key.
func LoadOrCreateKey(path string) (Keys, error) {
	text, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return Keys{}, fmt.Errorf("token key file: %w", err)
		}
		text, err = readKey(path)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("token key file: %w", err)
	}
	keys, err := ParseKeys("file:" + text)
	if err != nil {
		return Keys{}, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

func readKey(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: others may read it, make it 0600", path)
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// createKey writes a temporary file and links it to path, so that no process reads an incomplete key. If another process was
// first, the link fails and that process's key stays.
func createKey(path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(draft.Name())) }()
	secret := make([]byte, keyLength)
	if _, err := rand.Read(secret); err != nil {
		return errors.Join(err, draft.Close())
	}
	_, err = draft.WriteString(base64.RawURLEncoding.EncodeToString(secret) + "\n")
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
