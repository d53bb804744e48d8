package dockerx

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
)

func TestHostThatIsKnownToBeDownAnswersAtOnceAndSaysSinceWhen(t *testing.T) {
	t.Parallel()
	h := hostOf(t, HostConfig{Name: "mute", Addr: dockertest.Silent(t)})
	require.Equal(t, HostUnknown, h.Status().State)
	_, err := h.List(context.Background())
	require.Equal(t, connect.FaultTimeout, connect.FaultOf(err))
	status := h.Status()
	require.Equal(t, HostDown, status.State)
	require.Equal(t, connect.FaultTimeout, status.LastError)
	for range 50 {
		began := time.Now()
		_, err = h.Inspect(context.Background(), ref(t, "x"))
		require.Less(t, time.Since(began), pingTimeout, "no deadline is waited for")
		require.ErrorContains(t, err, "down since "+status.Since.UTC().Format(time.RFC3339))
	}
}

func TestHostThatComesBackIsUsedAgain(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.Fault(d.Hang)
	_, err := h.List(context.Background())
	require.Equal(t, connect.FaultTimeout, connect.FaultOf(err))
	require.Equal(t, HostDown, h.Status().State)
	d.Fault(nil)
	require.Eventually(t, func() bool { _, err := h.List(context.Background()); return err == nil }, time.Minute, 20*time.Millisecond)
	require.Equal(t, HostUp, h.Status().State)
}

func TestHostThatPingsButBreaksCallsIsDegraded(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"Id":`)) })
	_, err := h.List(context.Background())
	require.Equal(t, connect.FaultProtocol, connect.FaultOf(err))
	require.Equal(t, HostDegraded, h.Status().State)
	_, err = eventSource{h}.Ping(context.Background())
	require.NoError(t, err)
	require.Equal(t, HostDegraded, h.Status().State, "a ping proves nothing about calls")
	d.Handle("GET /containers/json", nil)
	_, err = h.List(context.Background())
	require.NoError(t, err)
	require.Equal(t, HostUp, h.Status().State)
	require.Equal(t, connect.FaultProtocol, h.Status().LastError, "what was, is remembered")
}

func TestFailureOfAnOldPingDoesNotOutweighALaterAnswer(t *testing.T) {
	t.Parallel()
	_, h := setup(t)
	sent := time.Now()
	h.answered(sent.Add(time.Millisecond))
	h.unanswered(sent, connect.FaultTimeout)
	require.Equal(t, HostUp, h.Status().State)
	h.unanswered(sent.Add(time.Second), connect.FaultTimeout)
	require.Equal(t, HostDown, h.Status().State)
}

func TestStatusTellsWhatTheDaemonSaidOfItself(t *testing.T) {
	t.Parallel()
	d := dockertest.NewTLSDaemon(t)
	var reported events.Event
	f := fleetOf(t, Options{OnEvent: func(e events.Event) { reported = e }}, HostConfig{Name: "tls", Addr: d.Addr(), CertDir: d.CertDir()})
	h := f.Hosts()[0]
	d.Handle("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		dockertest.JSON(w, 200, map[string]any{
			"ServerVersion": "20.10.24", "OperatingSystem": "Debian", "Architecture": "x86_64", "NCPU": 4, "MemTotal": 1 << 30,
			"SystemTime": time.Now().Add(time.Hour).Format(time.RFC3339Nano),
		})
	})
	s, err := h.Check(context.Background())
	require.NoError(t, err)
	require.Equal(t, HostUp, s.State)
	require.Equal(t, "20.10.24", s.EngineVersion)
	require.Equal(t, "1.41", s.APIVersion)
	require.Equal(t, "Debian", s.OS)
	require.Equal(t, 4, s.CPUs)
	require.Equal(t, int64(1<<30), s.Memory)
	require.InDelta(t, time.Hour, s.ClockSkew, float64(10*time.Second))
	h.onEvent(events.Event{Host: "tls"})
	require.Equal(t, s.ClockSkew, reported.ClockSkew, "events say how wrong their clock is")
	require.NotZero(t, s.Latency)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), s.CertificateExpiry, time.Minute)
}

func TestStrangeInformationIsAnErrorNeverAPanic(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	for _, body := range []string{``, `[]`, `{"NCPU":"x"}`, `{"MemTotal":1e400}`, `{"SystemTime":{}}`, strings.Repeat("[", 50_000)} {
		d.Handle("GET /info", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := h.Check(context.Background())
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(err), "%.40s", body)
	}
}

func TestDeadHostDelaysNoOtherHost(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	cfgs := []HostConfig{{Name: "alive", Addr: d.Addr()}}
	mute := dockertest.Silent(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		cfgs = append(cfgs, HostConfig{Name: name, Addr: mute})
	}
	began := time.Now()
	f := fleetOf(t, Options{}, cfgs...)
	running(t, f)
	require.Less(t, time.Since(began), pingTimeout, "nothing is dialled")
	for _, h := range f.Hosts()[1:] {
		for range 2 * callsAtOnce {
			go func() { _, _ = h.List(context.Background()) }()
		}
	}
	for range 20 {
		began := time.Now()
		_, err := f.Hosts()[0].List(context.Background())
		require.NoError(t, err)
		require.Less(t, time.Since(began), pingTimeout, "no other host's deadline is waited for")
	}
}
