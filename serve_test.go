package main_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stopTime is the time that a service manager allows (deploy/wharf.service). On a quiet machine a stop takes under 2 s.
const stopTime = 10 * time.Second

func TestSecondStartFindsTheSameUsersAndSessions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := serve(t, dir)
	first.awaitReady()
	token := first.login()
	require.Equal(t, http.StatusOK, first.listHosts(token))
	require.Less(t, first.stop(os.Interrupt), stopTime)
	require.Contains(t, first.out.String(), "/ps2/local")

	key, err := os.Stat(filepath.Join(dir, "data", "token.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), key.Mode().Perm())

	second := serve(t, dir)
	second.awaitReady()
	require.Equal(t, http.StatusOK, second.listHosts(token))
	require.Less(t, second.stop(syscall.SIGTERM), stopTime)
}

func TestBadSettingStopsTheStartWithOneLineThatNamesIt(t *testing.T) {
	t.Parallel()
	for setting, name := range map[string]string{
		"ACCESS_TOKEN_TTL=soon":                         "ACCESS_TOKEN_TTL",
		"DOCKER_HOSTS=a=tcp://x:1,a=tcp://y:1":          "DOCKER_HOSTS",
		"DOCKER_HOSTS=ftp://x":                          "DOCKER_HOSTS",
		"TOKEN_KEYS=k:12345678901234567890123456789012": "TOKEN_KEYS",
		"DB_SOURCE=mysql://root:hunter2@h/d":            "DB_SOURCE",
		"LISTEN_ADDR=127.0.0.1:99999":                   "LISTEN_ADDR",
		"TLS_CERT_FILE=/nowhere/cert.pem":               "TLS_CERT_FILE",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, stderr, err := wharf(t, t.TempDir(), "", []string{setting})
			require.Error(t, err)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			require.Contains(t, stderr, name)
			require.NotContains(t, stderr, "hunter2")
			require.NotContains(t, stderr, "12345678901234567890123456789012")
		})
	}
}

func TestHelpListsEverySettingAndVersionIsOneLine(t *testing.T) {
	t.Parallel()
	for _, help := range []string{"--help", "-h", "help"} {
		out, _, err := wharf(t, t.TempDir(), "", nil, help)
		require.NoError(t, err)
		require.Contains(t, out, "LISTEN_ADDR=127.0.0.1:9083")
	}
	out, _, err := wharf(t, t.TempDir(), "", nil, "version")
	require.NoError(t, err)
	require.Equal(t, "dev\n", out)
	_, stderr, err := wharf(t, t.TempDir(), "", nil, "fly")
	require.Error(t, err)
	require.Contains(t, stderr, "fly")
}

func TestUserCommandsWorkBesideARunningServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir)
	p.awaitReady()
	token := p.login()

	out, stderr, err := wharf(t, dir, "another-password\n", nil, "user", "add", "-role", "operator", "hong")
	require.NoError(t, err, stderr)
	require.Equal(t, "created operator hong\n", out)
	_, err = p.logIn("hong", "another-password")
	require.NoError(t, err)

	_, stderr, err = wharf(t, dir, "12345", nil, "user", "passwd", "gildong")
	require.Error(t, err, "too short")
	require.Contains(t, stderr, "password")
	_, stderr, err = wharf(t, dir, "a new password\n", nil, "user", "passwd", "gildong")
	require.NoError(t, err, stderr)
	require.Eventually(t, func() bool { return p.listHosts(token) == http.StatusUnauthorized },
		time.Minute, 10*time.Millisecond, "a new password ends the user's sessions")

	out, _, err = wharf(t, dir, "", nil, "user", "list")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^gildong +admin +false `, out)
	require.Regexp(t, `(?m)^hong +operator +false `, out)
}

// setupToken waits for the setup token in the log.
func (p *process) setupToken() string {
	p.t.Helper()
	var token string
	require.Eventually(p.t, func() bool {
		m := regexp.MustCompile(`"setup_token":"([^"]+)"`).FindStringSubmatch(p.logs.String())
		if m != nil {
			token = m[1]
		}
		return m != nil
	}, time.Minute, 10*time.Millisecond)
	return token
}

func TestFirstUserNeedsTheSetupTokenButStraightFromThisMachine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env, header, value string
		hinted             bool // the printed commands contain the token
	}{
		"beyond loopback":      {"LISTEN_ADDR=0.0.0.0:0", "Accept", "*/*", true},
		"behind a known proxy": {"TRUSTED_PROXIES=127.0.0.1", "Accept", "*/*", true},
		"behind another proxy": {"LOG_LEVEL=info", "X-Forwarded-For", "203.0.113.9", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, t.TempDir(), c.env)
			p.awaitReady()
			setup := p.setupToken()
			require.Equal(t, http.StatusForbidden, status(p.signUp(c.header, c.value)))
			require.Equal(t, http.StatusForbidden, status(p.signUp("X-Setup-Token", setup+"x", c.header, c.value)))
			require.NoError(t, p.signUp("X-Setup-Token", setup, c.header, c.value))
			require.Equal(t, c.hinted, strings.Contains(p.out.String(), "-H 'X-Setup-Token: "+setup+"'"), "%s", p.out)
		})
	}
	p := serve(t, t.TempDir())
	p.awaitReady()
	require.NoError(t, p.signUp())
}

func TestEmptyDatabaseBesideAnEarlierKeyIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir)
	p.awaitReady()
	p.login()
	p.stop(syscall.SIGTERM)
	for _, name := range []string{"wharf.db", "wharf.db-wal", "wharf.db-shm"} {
		_ = os.Remove(filepath.Join(dir, "data", name))
	}
	_, stderr, err := wharf(t, dir, "", []string{"LISTEN_ADDR=127.0.0.1:0", "DOCKER_HOST=unix:///nowhere.sock"})
	require.Error(t, err)
	require.Contains(t, stderr, "DB_NEW=true")
	serve(t, dir, "DB_NEW=true").awaitReady()
}

func TestStartWithoutADatabaseLeavesNoKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	serve(t, dir, "DB_SOURCE=postgresql://none@127.0.0.1:1/none").stop(syscall.SIGTERM)
	require.NoFileExists(t, filepath.Join(dir, "data", "token.key"))
	serve(t, dir).awaitReady()
}

func TestFirstAdminFromAPasswordFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(file, []byte("123123\n"), 0o600))
	p := serve(t, dir, "ADMIN_USERNAME=gildong", "ADMIN_PASSWORD_FILE="+file)
	p.awaitReady()
	_, err := p.logIn("gildong", "123123")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status(p.signUp()), "there is a first user already")
}

func TestSIGTERMEndsOpenStreamsAndExitsCleanly(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "STREAMS_PER_USER=50")
	p.awaitReady()
	token := p.login()
	const streams = 50
	ended := make(chan error, streams)
	for range streams {
		r, err := http.NewRequest(http.MethodGet, p.url+"/events", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		go func() {
			defer resp.Body.Close()
			_, err := io.Copy(io.Discard, resp.Body)
			ended <- err
		}()
	}
	require.Less(t, p.stop(syscall.SIGTERM), stopTime)
	for range streams {
		require.NoError(t, <-ended, "a stream ends in order, not cut off")
	}
}

func TestSIGTERMDuringTheStartIsACleanEnd(t *testing.T) {
	t.Parallel()
	for range 10 {
		p := serve(t, t.TempDir(), "DB_SOURCE=postgresql://none@127.0.0.1:1/none")
		p.stop(syscall.SIGTERM)
		p = serve(t, t.TempDir())
		p.stop(syscall.SIGTERM)
		require.NotContains(t, p.logs.String(), "no such table")
	}
}
