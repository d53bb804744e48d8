package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// measureSteady takes the figures that are measured with the largest number of containers.
func (b *measurement) measureSteady(ctx context.Context) error {
	for _, part := range []func(context.Context) error{
		b.measureWarm, b.measureOne, b.measureCrowd, b.measureWatching, b.measureIdle,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// measureWarm compares answers from the cache with docker stats and with a handler that only writes.
func (b *measurement) measureWarm(ctx context.Context) error {
	s, err := b.startWharf(ctx, "unix://"+b.engine.socket, "STATS_SOURCE=kernel")
	if err != nil {
		return err
	}
	defer s.stop()
	first, _, err := s.get(ctx, stat3)
	if err != nil {
		return err
	}
	bare, err := b.startBare(ctx, first.body)
	if err != nil {
		return err
	}
	defer bare.stop()
	var ours, theirs []time.Duration
	for range 2000 { // in turns, so that other work on the machine affects both
		_, took, err := s.get(ctx, stat3)
		if err != nil {
			return err
		}
		ours = append(ours, took)
		if _, took, err = bare.get(ctx, "/"); err != nil {
			return err
		}
		theirs = append(theirs, took)
	}
	faster := ratio(b.noStream, median(ours))
	b.row("stat3 warm, p50", fmt.Sprintf("%s, %.0fx faster (p99 %s)", ms(median(ours)), faster, ms(percentile(ours, 99))), ">= 1000x docker stats", faster >= 1000)
	share := ratio(median(ours), median(theirs))
	b.row(fmt.Sprintf("stat3 warm, against a bare handler of %d bytes", len(first.body)), fmt.Sprintf("%s against %s = %.2fx", ms(median(ours)), ms(median(theirs)), share), "<= 2x", share <= 2)
	return b.measureCrowdWarm(ctx, s)
}

func (b *measurement) measureCrowdWarm(ctx context.Context, s *server) error {
	const callers, lasting = 100, 5 * time.Second
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		all    []time.Duration
		failed atomic.Int64
	)
	end := time.Now().Add(lasting)
	for range callers {
		wg.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) {
				_, took, err := s.ask(ctx, stat3, io.Discard) // keeping 100 bodies would be work of the callers
				if err != nil {
					failed.Add(1)
					return
				}
				mine = append(mine, took)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	wg.Wait()
	if failed.Load() > 0 || len(all) == 0 {
		return fmt.Errorf("%d of %d callers failed", failed.Load(), callers)
	}
	rate := float64(len(all)) / lasting.Seconds()
	p99 := percentile(all, 99)
	b.row("100 callers at once, warm (they share the cores)", fmt.Sprintf("%.0f answers/s, p99 %s", rate, ms(p99)), ">= 5000/s, p99 <= 50 ms", rate >= 5000 && p99 <= 50*time.Millisecond)
	return nil
}

// measureWatching compares the cost of one request per second.
func (b *measurement) measureWatching(ctx context.Context) error {
	time.Sleep(5 * time.Second) // by then the last measurement's connections are closed
	idle := b.engine.procs.load(func() { time.Sleep(b.watch) })
	b.plainRow("engine at rest", fmt.Sprintf("%.1f %% of a core", idle*100))
	docker := 0.0
	if pid, stop, err := b.engine.streaming(ctx); err == nil {
		time.Sleep(5 * time.Second)
		before := cpu(pid)
		docker = b.engine.procs.load(func() { time.Sleep(b.watch / 3) }) - idle
		docker += float64(cpu(pid)-before) / float64(b.watch/3)
		stop()
		b.plainRow("docker stats, streaming: engine and command", fmt.Sprintf("%.1f %% of a core", docker*100))
	}
	for _, source := range []string{"kernel", "engine"} {
		s, err := b.startWharf(ctx, "unix://"+b.engine.socket, "STATS_SOURCE="+source)
		if err != nil {
			return err
		}
		rest := b.engine.procs.load(func() { time.Sleep(b.watch) }) // without any request
		ours, theirs, err := b.everySecond(ctx, s)
		theirs -= rest
		b.plainRow("resident memory of wharf, "+source+" source", fmt.Sprintf("%.1f MiB", float64(rss(s.pid()))/(1<<20)))
		s.stop()
		if err != nil {
			return err
		}
		figure := fmt.Sprintf("wharf %.1f %%, engine %+.1f %% of a core", ours*100, theirs*100)
		if source == "engine" {
			b.row("stat3 every second, API source", figure, "engine 10 % +- 30 %", theirs >= 0.07 && theirs <= 0.13)
			continue
		}
		b.row("stat3 every second, kernel source", figure, "wharf <= 10 %, engine <= 1 %", ours <= 0.1 && theirs <= 0.01)
		if docker > 0 {
			cheaper := docker / max(ours+max(theirs, 0), 1e-6)
			b.row("the same against docker stats, streaming", fmt.Sprintf("%.0fx cheaper", cheaper), ">= 15x", cheaper >= 15)
		}
	}
	return nil
}

func (b *measurement) everySecond(ctx context.Context, s *server) (ours, theirs float64, err error) {
	if _, _, err = s.get(ctx, stat3); err != nil {
		return 0, 0, err
	}
	time.Sleep(3 * time.Second)
	before, began := cpu(s.pid()), time.Now()
	theirs = b.engine.procs.load(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for time.Since(began) < b.watch && err == nil {
			<-tick.C
			_, _, err = s.get(ctx, stat3)
		}
	})
	return float64(cpu(s.pid())-before) / float64(time.Since(began)), theirs, err
}

// measureIdle observes a wharf that gets no requests for usage, through a recording proxy, while 500 clients follow events.
func (b *measurement) measureIdle(ctx context.Context) error {
	var asked atomic.Int64
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		FlushInterval: -1, Transport: b.engine.client.Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			if strings.HasSuffix(r.In.URL.Path, "/stats") {
				asked.Add(1)
			}
			r.SetURL(&url.URL{Scheme: "http", Host: "docker"})
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {},
	})
	defer proxy.CloseClientConnections()
	s, err := b.startWharf(ctx, "tcp://"+proxy.Listener.Addr().String())
	if err != nil {
		return err
	}
	defer s.stop()
	addr := strings.TrimPrefix(s.url, "http://")
	for range 500 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", addr); err != nil {
			return err
		}
	}
	time.Sleep(3 * time.Second)
	before, began := cpu(s.pid()), time.Now()
	time.Sleep(b.watch)
	used := float64(cpu(s.pid())-before) / time.Since(began).Seconds() / 1e6
	b.row(fmt.Sprintf("no usage asked for in %s, 500 event clients", b.watch), fmt.Sprintf("%d stats requests, wharf %.2f ms CPU a second", asked.Load(), used), "0 requests, <= 1 ms", asked.Load() == 0 && used <= 1)
	return nil
}
