package main_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/db/dbtest"
)

// A backup made while users are being created is consistent, and has every user whose creation was answered before it began.
func TestBackupOfARunningServerIsRestored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir)
	p.awaitReady()
	token := p.login()
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	made := make(chan string, 10_000)
	writing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			name := fmt.Sprint("user", n)
			_, err := p.as(token).AddUser(context.WithoutCancel(ctx), dto.NewUser{
				Username: name, Password: "123123", FullName: name, Email: name + "@example.org", Role: "viewer",
			})
			if err != nil {
				t.Error(err)
				return
			}
			made <- name
		}
	})
	var before []string
	for range 3 {
		before = append(before, <-made)
	}
	file := filepath.Join(t.TempDir(), "wharf.db")
	out, errs, err := wharf(t, dir, "", nil, "backup", file)
	require.NoError(t, err, errs)
	require.Equal(t, "wrote "+file+"\n", out)
	stop()
	writing.Wait()
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it has password hashes")
	_, errs, err = wharf(t, dir, "", nil, "backup", file)
	require.Error(t, err)
	require.Contains(t, errs, "is there already")
	p.stop(syscall.SIGTERM)

	// As docs/deploy.md describes it: the file and the key, in an empty data directory.
	restored := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(restored, "data"), 0o700))
	for name, from := range map[string]string{"wharf.db": file, "token.key": filepath.Join(dir, "data", "token.key")} {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(restored, "data", name), content, 0o600))
	}
	again := serve(t, restored)
	again.awaitReady()
	require.Equal(t, http.StatusOK, again.listHosts(token), "the session goes on")
	for _, name := range before {
		_, err := again.as(token).GetUser(t.Context(), name)
		require.NoError(t, err, name)
	}
}

// A Postgres database is restored with pg_dump and psql, as docs/deploy.md describes it.
func TestPostgresIsRestoredFromADump(t *testing.T) {
	t.Parallel()
	source, fresh := dbtest.EmptyPostgresSource(t), dbtest.EmptyPostgresSource(t)
	keys := "TOKEN_KEYS=k:" + rand.Text() + rand.Text()
	p := serve(t, t.TempDir(), "DB_SOURCE="+source, keys)
	p.awaitReady()
	token := p.login()
	_, errs, err := wharf(t, t.TempDir(), "", []string{"DB_SOURCE=" + source}, "backup", "x.db")
	require.Error(t, err)
	require.Contains(t, errs, "pg_dump")

	var stderr bytes.Buffer
	dump := exec.CommandContext(t.Context(), postgresProgram(t, "pg_dump"), "--no-owner", plain(t, source))
	dump.Stderr = &stderr
	text, err := dump.Output()
	require.NoError(t, err, "%s", &stderr)
	restore := exec.CommandContext(t.Context(), postgresProgram(t, "psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", plain(t, fresh))
	restore.Stdin = bytes.NewReader(text)
	out, err := restore.CombinedOutput()
	require.NoError(t, err, "%s", out)

	again := serve(t, t.TempDir(), "DB_SOURCE="+fresh, keys)
	again.awaitReady()
	require.Equal(t, http.StatusOK, again.listHosts(token), "the session goes on")
}

// postgresProgram returns the path of a program that comes with Postgres.
func postgresProgram(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	require.NoError(t, err)
	if path, err := exec.LookPath(name); err == nil {
		found = append(found, path)
	}
	require.NotEmpty(t, found, "no %s to test with: install Postgres' client", name)
	return found[0]
}

// plain removes the parameter that only the Go driver knows, so that Postgres' own programs accept the source.
func plain(t *testing.T, source string) string {
	t.Helper()
	u, err := url.Parse(source)
	require.NoError(t, err)
	q := u.Query()
	q.Del("TimeZone")
	u.RawQuery = q.Encode()
	return u.String()
}
