package benchkit

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

// Frame is a frame of an event stream as a client received it.
type Frame struct {
	ID   string
	Name string
	At   time.Time
	Text string // the data as received; empty for a frame that has only an id
	Data struct {
		Host    string
		Type    string
		Action  string
		ActorID string `json:"actor_id"`
		From    time.Time
		To      time.Time
		Reason  string
		Attrs   map[string]string
	}
}

// Follower is a client that reconnects with its last id after every break.
type Follower struct {
	url     string
	client  *http.Client
	onFrame func(Frame)
	cancel  context.CancelFunc
	done    chan struct{}
	last    string

	mu       sync.Mutex
	connects int
}

// Follow starts a client that runs until Stop. It reconnects after the pause; roots are the server's, nil for plain HTTP.
func Follow(address string, roots *x509.CertPool, pause time.Duration, onFrame func(Frame)) *Follower {
	ctx, cancel := context.WithCancel(context.Background())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	f := &Follower{url: address, client: &http.Client{Transport: transport}, onFrame: onFrame, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		defer transport.CloseIdleConnections()
		for ctx.Err() == nil {
			_ = f.once(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}()
	return f
}

// Stop ends the client and waits for its end.
func (f *Follower) Stop() {
	f.cancel()
	<-f.done
}

// Connected returns how often the client has connected.
func (f *Follower) Connected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connects
}

func (f *Follower) once(ctx context.Context) error {
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

// frames reads server-sent events. As in the standard, an id counts once its frame is complete.
func (f *Follower) frames(lines *bufio.Reader) error {
	var g Frame
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			g.ID = value
		case "event":
			g.Name = value
		case "data":
			g.Text = value
		case "":
			if g.ID != "" {
				f.last = g.ID
			}
			if g.Text != "" {
				_ = json.Unmarshal([]byte(g.Text), &g.Data)
			}
			if g.Text != "" || g.ID != "" {
				g.At = time.Now()
				f.onFrame(g)
			}
			g = Frame{}
		}
	}
}
