package benchevents

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
)

// plainHub is the reference: a hub in its simplest form. It reads the daemon's stream, gives each client a channel, and marshals
// and flushes each event per client. A client whose channel is full misses the event.
func plainHub(addr string) {
	type message struct {
		Type, Action string
		Actor        struct {
			ID         string
			Attributes map[string]string
		}
		Time int64 `json:"time"`
	}
	var mu sync.Mutex
	clients := map[chan message]bool{}
	go func() {
		resp, err := http.Get(os.Getenv("PLAIN_HUB_SOURCE") + "/events")
		if err != nil {
			panic(err)
		}
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			var m message
			if json.Unmarshal(lines.Bytes(), &m) != nil {
				continue
			}
			mu.Lock()
			for c := range clients {
				select {
				case c <- m:
				default:
				}
			}
			mu.Unlock()
		}
	}()
	http.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprint(w, "retry: 1000\n: plain\n\n")
		w.(http.Flusher).Flush()
		c := make(chan message, 256)
		mu.Lock()
		clients[c] = true
		mu.Unlock()
		defer func() { mu.Lock(); defer mu.Unlock(); delete(clients, c) }()
		for n := 1; ; n++ {
			select {
			case m := <-c:
				data, _ := json.Marshal(map[string]any{
					"host": "h", "type": m.Type, "action": m.Action, "actor_id": m.Actor.ID, "actor_name": m.Actor.Attributes["name"],
					"timestamp": m.Time, "attrs": m.Actor.Attributes,
				})
				_, _ = fmt.Fprintf(w, "id: %d\nevent: container-event\ndata: %s\n\n", n, data)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	panic(http.ListenAndServe(addr, nil))
}
