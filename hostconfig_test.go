package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/connect"
)

func TestHostsKeepTheOrderOfTheSetting(t *testing.T) {
	t.Parallel()
	cfgs, err := parseHosts(" 119server=tcp://10.1.0.119:2376 , local=unix:///var/run/docker.sock,b.c_d-e=tcp://[::1]:2375", "")
	require.NoError(t, err)
	require.Equal(t, []dockerx.HostConfig{
		{Name: "119server", Addr: "tcp://10.1.0.119:2376"},
		{Name: "local", Addr: "unix:///var/run/docker.sock"},
		{Name: "b.c_d-e", Addr: "tcp://[::1]:2375"},
	}, cfgs)
}

func TestMalformedHostSettingIsOneLineThatNamesTheCulprit(t *testing.T) {
	t.Parallel()
	for setting, culprit := range map[string]string{
		"a=unix:///x,a=unix:///y":         `host name "a" is used twice`,
		"a=unix:///x,,b=unix:///y":        "entry 2",
		"a=unix:///x,":                    "entry 2",
		"-a=unix:///x":                    `"-a"`,
		"a b=unix:///x":                   `"a b"`,
		"=unix:///x":                      `""`,
		"lonely":                          `"lonely"`,
		"tcp://10.0.0.1:2376":             "without a name",
		"a=":                              `"a"`,
		"a=10.0.0.1:2376":                 `"a"`,
		"a=ftp://10.0.0.1":                `"ftp"`,
		"a=unix://relative":               "absolute",
		"a=tcp://":                        `"a"`,
		"a=tcp://:2375":                   "no host",
		"a=tcp://h:70000":                 "70000",
		"a=tcp://h:0":                     `"0"`,
		"a=tcp://h:1/path":                "follow the port",
		"a=tcp://h:1?x=y":                 "follow the port",
		"a=tcp://user:hunter2@h:1/x":      `"a"`,
		"a=tcp://user:hunter2@[h:1":       `"a"`,
		"hunter2@@=tcp://u:hunter3@h:x,b": "entry 1",
	} {
		_, err := parseHosts(setting, "")
		require.ErrorContains(t, err, culprit, setting)
		require.NotContains(t, err.Error(), "\n", setting)
		require.NotContains(t, err.Error(), "hunter3", setting)
		if !strings.HasPrefix(setting, "hunter2") {
			require.NotContains(t, err.Error(), "hunter2", setting)
		}
	}
}

func TestCertificatesOfTheHostComeBeforeTheCommonOnes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "own"), 0o700))
	common := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(common, "ca.pem"), nil, 0o600))

	cfgs, err := parseHosts("own=tcp://h:1,other=tcp://h:2,sock=unix:///s", dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "own"), cfgs[0].CertDir)
	require.True(t, cfgs[1].PlainTCP(), "nothing there for this host")
	require.Empty(t, cfgs[2].CertDir)
	require.False(t, cfgs[2].PlainTCP())

	cfgs, err = parseHosts("own=tcp://h:1", common)
	require.NoError(t, err)
	require.Equal(t, common, cfgs[0].CertDir)

	_, err = parseHosts("own=tcp://h:1", filepath.Join(dir, "nowhere"))
	require.ErrorContains(t, err, "DOCKER_CERT_PATH")
}

func TestWithoutASettingDockersOwnEnvironmentCounts(t *testing.T) {
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("DOCKER_TLS_VERIFY", "")
	cfgs, err := parseHosts(" ", "")
	require.NoError(t, err)
	require.Equal(t, []dockerx.HostConfig{{Name: "local", Addr: connect.DefaultSocket}}, cfgs)

	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".docker"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".docker", "ca.pem"), nil, 0o600))
	t.Setenv("HOME", home)
	t.Setenv("DOCKER_HOST", "tcp://10.0.0.1:2376")
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	cfgs, err = parseHosts("", "")
	require.NoError(t, err)
	require.Equal(t, []dockerx.HostConfig{{Name: "local", Addr: "tcp://10.0.0.1:2376", CertDir: filepath.Join(home, ".docker")}}, cfgs)

	t.Setenv("DOCKER_HOST", "nonsense")
	_, err = parseHosts("", "")
	require.ErrorContains(t, err, "DOCKER_HOST")
}

func FuzzParseHosts(f *testing.F) {
	for _, seed := range []string{"", "a=unix:///x", "a=tcp://h:1,b=tcp://u:p@h", "a=tcp://%zz", ",", "a=b=c", "a=tcp://[::1%25en0]:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, setting string) {
		cfgs, err := parseHosts(setting, "")
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, cfgs)
		names := map[string]bool{}
		for _, cfg := range cfgs {
			require.Regexp(t, hostNamePattern, cfg.Name)
			require.False(t, names[cfg.Name])
			names[cfg.Name] = true
		}
		fleet, err := dockerx.NewFleet(cfgs, dockerx.Options{})
		require.NoError(t, err, "what was accepted can be used")
		require.NoError(t, fleet.Close())
	})
}
