package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postgresOptions configure a server for tests: no durability, many connections, and a time zone that isn't a whole number of hours
// from UTC, which reveals code that ignores time zones.
func postgresOptions(port int, dir string) []string {
	return []string{
		"-p", strconv.Itoa(port), "-k", dir, "-h", "127.0.0.1",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=400", "-c", "shared_buffers=64MB", "-c", "dynamic_shared_memory_type=mmap",
		"-c", "TimeZone=" + oddTimeZone, "-c", "log_timezone=UTC",
	}
}

const oddTimeZone = "Asia/Kathmandu"

// startPostgres starts Debian's Postgres on an empty directory. If this process is root, Postgres runs as user postgres, since it
// refuses to run as root.
func (b *bed) startPostgres(ctx context.Context) error {
	bin, err := postgresBin()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	as, err := postgresUser()
	if err != nil {
		return err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	password := rand.Text()
	if err := initdb(ctx, bin, dir, password, as); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	var machine *network // nil: Postgres doesn't need a network of its own
	command := append([]string{filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data")}, postgresOptions(port, dir)...)
	d, err := machine.startDaemon(b.dir, "postgres", child{as: as}, command...)
	if err != nil {
		return err
	}
	b.later(func() error { _ = d.cmd.Process.Signal(syscall.SIGINT); d.stop(10 * time.Second); return nil })
	version, _ := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	b.usePostgres(strings.TrimSpace(string(version))+", "+bin, password, port)
	return d.await(ctx, "Postgres", func(ctx context.Context) error {
		return exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", dir, "-p", strconv.Itoa(port)).Run()
	})
}

// usePostgres passes the address of Postgres to the tests and to the summary.
func (b *bed) usePostgres(what, password string, port int) {
	b.env["WHARF_TEST_POSTGRES"] = fmt.Sprintf("postgresql://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", password, port)
	b.summary = append(b.summary, fmt.Sprintf("postgres  %s, 127.0.0.1:%d, time zone %s", what, port, oddTimeZone))
}

func initdb(ctx context.Context, bin, dir, password string, as *syscall.Credential) error {
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if as != nil {
		if err := os.Chown(secret, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	// md5, not scram-sha-256: its 4096 rounds cost each of the tests' many connections more than everything else.
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"--auth=md5", "--pwfile="+secret, "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir = dir
	cmd.Env = daemonEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// postgresUser returns the user for the server: postgres if this process is root, otherwise nil for the current user.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("run Postgres: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// postgresBin finds the programs of the newest Postgres: in Debian's directories or on the PATH.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return majorOf(b) - majorOf(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", fmt.Errorf("no Postgres server is installed: scripts/install-postgres.sh installs one on Debian and Ubuntu")
}

// majorOf returns 15 for /usr/lib/postgresql/15/bin/initdb.
func majorOf(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}
