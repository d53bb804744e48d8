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

// HasKey reports whether a key is kept in the file.
func HasKey(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// LoadOrCreateKey reads the key kept in a file, and first makes one (0600, its folder 0700)
// where the file is missing. Processes that do so at once end up with the same key. Errors:
// a file that can't be read or made, that others may read, or that holds no good key.
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

// createKey writes a draft and links it to its place: the link fails where another process
// was first, and nobody ever reads half a key.
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
