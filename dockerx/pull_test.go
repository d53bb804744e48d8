package dockerx

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/images"
	"wharf/util/apperr"
)

func imageRef(t *testing.T, name string) images.Ref {
	t.Helper()
	r, err := images.ParseRef(name)
	require.NoError(t, err)
	return r
}

// credentials writes a config.json with one login.
func credentials(t *testing.T, registry, user, password string) *images.Credentials {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.json")
	content := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, registry, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	c, err := images.OpenCredentials(file)
	require.NoError(t, err)
	return c
}

func pullHost(t *testing.T, e dockertest.Engine, o Options) *Host {
	t.Helper()
	return fleetOf(t, o, engineConfig(e)).Hosts()[0]
}

func TestPullFromARegistryWithTLSAndAPassword(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{TLS: true, User: "wharf", Password: "s3cret-of-the-registry"})
	name := registry.Push(t, e, "team/app:1", []byte("one"))
	t.Cleanup(func() { e.RemoveImage(t, name) })

	h := pullHost(t, e, Options{Registries: credentials(t, "https://"+registry.Addr+"/v2/", "wharf", "s3cret-of-the-registry")})
	var last images.Progress
	pulled, err := h.Pull(context.Background(), imageRef(t, name), "", func(p images.Progress) { last = p })
	require.NoError(t, err)
	require.True(t, pulled.Changed)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", pulled.Digest)
	require.Equal(t, "done", last.Step)
	require.Equal(t, 1, last.LayersDone)

	again, err := h.Pull(context.Background(), imageRef(t, name), "", nil)
	require.NoError(t, err)
	require.Equal(t, images.Pulled{ID: pulled.ID, Digest: pulled.Digest}, again)

	_, err = h.Pull(context.Background(), imageRef(t, registry.Addr+"/team/other:1"), "", nil)
	require.Equal(t, images.ReasonUnknown, images.ReasonOf(err), "%v", err)
	require.Equal(t, apperr.NotFound, apperr.KindOf(err))
}

// The registry uses plain HTTP. With TLS, an engine that is refused by a registry on its own machine tries again without TLS,
// and reports the error of that attempt.
func TestPullWithoutThePasswordIsDenied(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{User: "wharf", Password: "s3cret-of-the-registry"})
	name := registry.Push(t, e, "team/app:1", []byte("one"))
	_, err := pullHost(t, e, Options{}).Pull(context.Background(), imageRef(t, name), "", nil)
	require.Equal(t, images.ReasonDenied, images.ReasonOf(err), "%v", err)
	require.Equal(t, apperr.Conflict, apperr.KindOf(err))

	h := pullHost(t, e, Options{Registries: credentials(t, registry.Addr, "wharf", "wrong")})
	_, err = h.Pull(context.Background(), imageRef(t, name), "", nil)
	require.Equal(t, images.ReasonDenied, images.ReasonOf(err), "%v", err)
	require.Equal(t, HostUp, h.Status().State, "a registry's refusal says nothing of the host")
}

func TestPullFromARegistryThatMisbehaves(t *testing.T) {
	t.Parallel()
	manifests := func(f *dockertest.FakeRegistry, answer func(w http.ResponseWriter)) {
		f.Fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" || f.IsLayer(r) {
				return false
			}
			answer(w)
			return true
		}
	}
	for name, c := range map[string]struct {
		prepare func(f *dockertest.FakeRegistry)
		reason  images.Reason
		kind    apperr.Kind
	}{
		"too many requests": {func(f *dockertest.FakeRegistry) {
			manifests(f, func(w http.ResponseWriter) {
				dockertest.RegistryError(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your pull rate limit")
			})
		}, images.ReasonLimited, apperr.TooMany},
		"too many requests, in no words": {func(f *dockertest.FakeRegistry) {
			manifests(f, func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) })
		}, images.ReasonLimited, apperr.TooMany},
		"unknown": {func(f *dockertest.FakeRegistry) {
			manifests(f, func(w http.ResponseWriter) {
				dockertest.RegistryError(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
			})
		}, images.ReasonUnknown, apperr.NotFound},
		"hangs before the manifest": {func(f *dockertest.FakeRegistry) {
			f.Fault = func(_ http.ResponseWriter, r *http.Request) bool { f.Hang(r); return true }
		}, images.ReasonStalled, apperr.Daemon},
		"hangs in the middle of a layer": {func(f *dockertest.FakeRegistry) {
			f.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if f.IsLayer(r) {
					f.HalfLayer(w)
					f.Hang(r)
				}
				return f.IsLayer(r)
			}
		}, images.ReasonStalled, apperr.Daemon},
		"other bytes than it had said": {func(f *dockertest.FakeRegistry) {
			f.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if f.IsLayer(r) {
					_, _ = w.Write([]byte("something else"))
				}
				return f.IsLayer(r)
			}
		}, images.ReasonBroken, apperr.Daemon},
		"another platform":                    {func(f *dockertest.FakeRegistry) { f.Architecture = "s390x" }, images.ReasonPlatform, apperr.Conflict},
		"another platform in a list of those": {func(f *dockertest.FakeRegistry) { f.Architecture, f.List = "s390x", true }, images.ReasonPlatform, apperr.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := dockertest.DefaultEngine(t)
			f := dockertest.NewFakeRegistry(t, 1<<20)
			c.prepare(f)
			h := pullHost(t, e, Options{PullStall: 3 * time.Second})
			_, err := h.Pull(context.Background(), imageRef(t, f.Image("1")), "", nil)
			require.Equal(t, c.reason, images.ReasonOf(err), "%v", err)
			require.Equal(t, c.kind, apperr.KindOf(err), "%v", err)
			_, err = h.Image(context.Background(), f.Image("1"))
			require.Equal(t, apperr.NotFound, apperr.KindOf(err), "nothing half-done: %v", err)
			require.Equal(t, HostUp, h.Status().State)
		})
	}
}

func TestPullKeepsWhatANameMeantWhereTheNewImageIsForAnotherPlatform(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	f := dockertest.NewFakeRegistry(t, 1<<10)
	f.Architecture = "s390x"
	e.ImportImage(t, f.Image("1"), []byte("before"))
	h := pullHost(t, e, Options{})
	before, err := h.Image(context.Background(), f.Image("1"))
	require.NoError(t, err)
	_, err = h.Pull(context.Background(), imageRef(t, f.Image("1")), "", nil)
	require.Equal(t, images.ReasonPlatform, images.ReasonOf(err), "%v", err)
	after, err := h.Image(context.Background(), f.Image("1"))
	require.NoError(t, err)
	require.Equal(t, before.ID, after.ID)
}

func TestPullIsSharedAndEndsWithItsLastCaller(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	f := dockertest.NewFakeRegistry(t, 1<<20)
	asked, open := make(chan struct{}, 100), make(chan struct{})
	f.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if !f.IsLayer(r) {
			return false
		}
		asked <- struct{}{}
		select {
		case <-open:
			return false
		case <-r.Context().Done():
		}
		return true
	}
	h := pullHost(t, e, Options{})
	pull := func(ctx context.Context) <-chan error {
		ended := make(chan error, 1)
		begun := make(chan struct{})
		go func() {
			var once sync.Once
			_, err := h.Pull(ctx, imageRef(t, f.Image("1")), "", func(images.Progress) { once.Do(func() { close(begun) }) })
			ended <- err
		}()
		<-begun
		return ended
	}
	first, leaveFirst := context.WithCancel(context.Background())
	second, leaveSecond := context.WithCancel(context.Background())
	one := pull(first)
	<-asked
	two := pull(second)
	leaveFirst()
	require.ErrorIs(t, <-one, context.Canceled)
	leaveSecond()
	require.ErrorIs(t, <-two, context.Canceled)
	_, err := h.Image(context.Background(), f.Image("1"))
	require.Equal(t, apperr.NotFound, apperr.KindOf(err))

	third, fourth := pull(context.Background()), pull(context.Background())
	close(open)
	require.NoError(t, <-third)
	require.NoError(t, <-fourth)
	t.Cleanup(func() { e.RemoveImage(t, f.Image("1")) })
	require.LessOrEqual(t, len(asked), 1, "two callers share one pull")
}

func TestPullFromAnEngineThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines  string
		reason images.Reason
		kind   apperr.Kind
	}{
		"full disk": {
			`{"status":"Extracting","progressDetail":{"current":1,"total":2},"id":"0123456789ab"}` + "\n" +
				`{"errorDetail":{"message":"write /var/lib/docker/tmp/GetImageBlob1: no space left on device"},"error":"x"}` + "\n",
			images.ReasonFull, apperr.Daemon,
		},
		"no JSON": {"<html>\n", images.ReasonBroken, apperr.Daemon},
		"the registry died": {
			`{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}`, images.ReasonBroken, apperr.Daemon,
		},
		"an answer that breaks off": {`{"status":"Down`, images.ReasonBroken, apperr.Daemon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dockertest.NewDaemon(t)
			d.Handle("POST /images/create", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(c.lines)) })
			d.Handle("GET /images/{name...}", func(w http.ResponseWriter, _ *http.Request) {
				dockertest.Fail(w, http.StatusNotFound, "No such image: x")
			})
			h := hostOf(t, HostConfig{Name: "a", Addr: d.Addr()})
			_, err := h.Pull(context.Background(), imageRef(t, "registry.example.org/app:1"), "", nil)
			require.Equal(t, c.reason, images.ReasonOf(err), "%v", err)
			require.Equal(t, c.kind, apperr.KindOf(err), "%v", err)
		})
	}
}

func TestCredentialsThatARegistryRepeatsAreNotShown(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	var sent string
	d.Handle("POST /images/create", func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("X-Registry-Auth")
		dockertest.Fail(w, http.StatusInternalServerError, "unauthorized: you sent "+sent+", which is wharf with hunter2-hunter2")
	})
	d.Handle("GET /images/{name...}", func(w http.ResponseWriter, _ *http.Request) {
		dockertest.Fail(w, http.StatusNotFound, "No such image: x")
	})
	h := fleetOf(t, Options{Registries: credentials(t, "registry.example.org", "wharf", "hunter2-hunter2")}, HostConfig{Name: "a", Addr: d.Addr()}).Hosts()[0]
	_, err := h.Pull(context.Background(), imageRef(t, "registry.example.org/app"), "", nil)
	require.Equal(t, images.ReasonDenied, images.ReasonOf(err), "%v", err)
	require.NotEmpty(t, sent)
	require.NotContains(t, fmt.Sprintf("%+v", err), sent)
	require.NotContains(t, fmt.Sprintf("%+v", err), "hunter2")
	require.Len(t, d.Requests(), 2, "nothing else was asked: %v", d.Requests())
}
