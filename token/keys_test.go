package token

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBadKeysAreRefusedWithoutPrintingThem(t *testing.T) {
	t.Parallel()
	for name, setting := range map[string]string{
		"empty":             "",
		"no id":             secretA,
		"empty id":          ":" + secretA,
		"id with a space":   "a b:" + secretA,
		"id is the key":     secretA + ":x",
		"empty key":         "a:",
		"short":             "a:" + secretA[:31],
		"tutorial's":        "a:12345678901234567890123456789012",
		"zeros":             "a:" + strings.Repeat("0", 64),
		"two letters":       "a:" + strings.Repeat("ab", 32),
		"nine letters":      "a:abcdefghiabcdefghiabcdefghiabcdefghi",
		"said twice":        "a:" + secretA[:16] + secretA[:16],
		"said thrice":       "a:" + strings.Repeat(secretA[:12], 3),
		"alphabet":          "a:abcdefghijklmnopqrstuvwxyz0123456789",
		"hex digits":        "a:0123456789abcdef0123456789ABCDEF",
		"changeme":          "a:ChangeMe-ChangeMe-please-do-it-now!",
		"jwt.io":            "a:your-256-bit-secret-your-512-bit-key",
		"secret-key":        "a:my-very-own-secret-key-for-this-app1",
		"password":          "a:correct-password-horse-battery-99-xy",
		"same id":           "a:" + secretA + ",a:" + secretB,
		"second is short":   "a:" + secretA + ",b:" + secretB[:31],
		"comma at the end":  "a:" + secretA + ",",
		"comma in front":    "," + "a:" + secretA,
		"colon in front":    ":a:" + secretA,
		"separated by dots": "a." + secretA,
	} {
		_, err := ParseKeys(setting)
		require.Error(t, err, name)
		for _, part := range strings.FieldsFunc(setting, func(r rune) bool { return r == ',' || r == ':' }) {
			if len(part) > 3 {
				require.NotContains(t, err.Error(), part, name)
			}
		}
	}
}

func TestNoKeysMakeNoMaker(t *testing.T) {
	t.Parallel()
	for _, build := range makers {
		_, err := build(Keys{})
		require.Error(t, err)
	}
}

func TestKeyFileIsMadeOnceByRacingProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "token.key")
	const n = 50
	keys := make([]Keys, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { keys[i], errs[i] = LoadOrCreateKey(path) })
	}
	wg.Wait()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, keys[0], keys[i])
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "drafts are removed")
	again, err := LoadOrCreateKey(path)
	require.NoError(t, err)
	require.Equal(t, keys[0], again)
}

func TestKeyFileThatOthersReadOrThatHoldsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	require.NoError(t, os.WriteFile(open, []byte(secretA), 0o600))
	require.NoError(t, os.Chmod(open, 0o644))
	_, err := LoadOrCreateKey(open)
	require.ErrorContains(t, err, "0600")
	require.NotContains(t, err.Error(), secretA)
	short := filepath.Join(dir, "short")
	require.NoError(t, os.WriteFile(short, []byte("tooshort"), 0o600))
	_, err = LoadOrCreateKey(short)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "tooshort")
}
