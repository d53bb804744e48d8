package benchevents

import (
	"bytes"
	"net/http"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestMemoryAndIdleCPU(t *testing.T) {
	benchkit.Parallel(t)
	onlyFull(t)
	d := dockertest.NewDaemon(t)
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	warm := gather(t, w.Addr, 50)
	storm(t, d, w, warm, 1, 10*time.Millisecond, time.Second)
	warm.leave()
	time.Sleep(time.Second)
	before := w.Resident("VmRSS")
	c := gather(t, w.Addr, 1000)
	storm(t, d, w, c, 1, 50*time.Millisecond, 3*time.Second)
	benchkit.Figure("memory per client, 1,000 connected, HTTP/1.1", "≤ 10 KiB", "%.1f KiB", float64(w.Resident("VmRSS")-before)/1000/1024)
	c.leave()
	w.Kill()

	w = wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	time.Sleep(2 * time.Second)
	cpu, began := w.CPU(), time.Now()
	time.Sleep(30 * time.Second)
	alone := float64((w.CPU() - cpu).Microseconds()) / time.Since(began).Seconds()
	gather(t, w.Addr, 500)
	time.Sleep(2 * time.Second)
	cpu, began = w.CPU(), time.Now()
	time.Sleep(60 * time.Second)
	idle := float64((w.CPU() - cpu).Microseconds()) / time.Since(began).Seconds()
	benchkit.Figure("500 idle clients", "≤ 1 ms CPU/s", "%.2f ms/s more than none (%.2f against %.2f)", (idle-alone)/1000, idle/1000, alone/1000)
}

func TestMemoryHTTP2(t *testing.T) {
	benchkit.Parallel(t)
	onlyFull(t)
	dir := t.TempDir()
	cert, key := dir+"/cert.pem", dir+"/key.pem"
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert).CombinedOutput()
	require.NoError(t, err, string(out))
	d := dockertest.NewDaemon(t)
	w := wharf(t, "h="+d.Addr(), "TLS_CERT_FILE="+cert, "TLS_KEY_FILE="+key)
	await(t, "events are read", time.Minute, func() bool { return d.Streams() == 1 })
	var frames atomic.Int64
	var before int
	for i := range 11 { // connections with 100 streams each; the first is a warm-up
		if i == 1 {
			for range 20 {
				d.Emit(dockertest.NewMessage("container", "die", actor, attrs))
				time.Sleep(20 * time.Millisecond)
			}
			before = w.Resident("VmRSS")
		}
		hc := &http.Client{Transport: h2Transport()}
		for range 100 {
			resp, err := hc.Get("https://" + w.Addr + "/events")
			require.NoError(t, err)
			require.Equal(t, 2, resp.ProtoMajor)
			t.Cleanup(func() { _ = resp.Body.Close() })
			go func() {
				b := make([]byte, 4096)
				for {
					n, err := resp.Body.Read(b)
					frames.Add(int64(bytes.Count(b[:n], []byte("\ndata: "))))
					if err != nil {
						return
					}
				}
			}()
		}
	}
	for range 60 {
		d.Emit(dockertest.NewMessage("container", "die", actor, attrs))
		time.Sleep(50 * time.Millisecond)
	}
	await(t, "frames over HTTP/2", time.Minute, func() bool { return frames.Load() >= 64_000 })
	benchkit.Figure("memory per client, 1,000 connected, HTTP/2", "≤ 30 KiB", "%.1f KiB", float64(w.Resident("VmRSS")-before)/1000/1024)
}
