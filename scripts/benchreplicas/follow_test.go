package benchreplicas

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// got is a frame as a client received it; without a name it is an id alone.
type got struct {
	id, name string
	at       time.Time
	data     struct {
		Host   string            `json:"host"`
		Type   string            `json:"type"`
		Attrs  map[string]string `json:"attrs"`
		From   time.Time         `json:"from"`
		To     time.Time         `json:"to"`
		Reason string            `json:"reason"`
	}
}

// follower is a client that comes back with the id of what it saw last, whatever happens.
type follower struct {
	url    string
	client *http.Client
	onGot  func(got)
	cancel context.CancelFunc
	done   chan struct{}
	last   string

	mu       sync.Mutex
	connects int
}

// follow starts a client; roots are the server's, nil for plain HTTP.
func follow(address string, roots *x509.CertPool, onGot func(got)) *follower {
	ctx, cancel := context.WithCancel(context.Background())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	f := &follower{url: address, client: &http.Client{Transport: transport}, onGot: onGot, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		defer transport.CloseIdleConnections()
		for ctx.Err() == nil {
			_ = f.once(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return f
}

func (f *follower) stop() {
	f.cancel()
	<-f.done
}

func (f *follower) connected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connects
}

func (f *follower) once(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	if f.last != "" {
		r.Header.Set("Last-Event-ID", f.last)
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	if _, err := lines.ReadString('\n'); err != nil {
		return err
	}
	f.mu.Lock()
	f.connects++
	f.mu.Unlock()
	return f.frames(lines)
}

// frames reads as the standard says: an id counts when its frame is complete.
func (f *follower) frames(lines *bufio.Reader) error {
	var g got
	var data string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			g.id = value
		case "event":
			g.name = value
		case "data":
			data = value
		case "":
			if g.id != "" {
				f.last = g.id
			}
			if data != "" {
				_ = json.Unmarshal([]byte(data), &g.data)
			}
			if data != "" || g.id != "" {
				g.at = time.Now()
				f.onGot(g)
			}
			g, data = got{}, ""
		}
	}
}
