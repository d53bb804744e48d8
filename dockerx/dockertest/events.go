package dockertest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ringSize is how many events a real daemon keeps.
const ringSize = 256

// Message is an event as daemons send it. TimeNano 0 means now.
type Message struct {
	Type   string `json:"Type"`
	Action string `json:"Action"`
	Actor  struct {
		ID         string            `json:"ID"`
		Attributes map[string]string `json:"Attributes"`
	} `json:"Actor"`
	Scope    string `json:"scope"`
	Time     int64  `json:"time"`
	TimeNano int64  `json:"timeNano"`
}

// NewMessage returns an event with the present time.
func NewMessage(typ, action, id string, attrs map[string]string) Message {
	m := Message{Type: typ, Action: action, Scope: "local"}
	m.Actor.ID, m.Actor.Attributes = id, attrs
	return m
}

// Events implements the events of a fake daemon: a ring of the last 256, an inclusive since, and a stream for each subscriber.
// The zero value is ready. A conformance test in this package compares it with real daemons.
type Events struct {
	mu      sync.Mutex
	ring    []Message
	last    int64
	streams map[*eventStream]struct{}
	opens   int
}

type eventStream struct {
	queue [][]byte
	wake  chan struct{}
	cut   chan struct{}
}

// Emit stores an event and sends it to every stream. It returns the event with its time. If the time wasn't set, it is the
// present, but later than that of any event before.
func (e *Events) Emit(m Message) Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m.TimeNano == 0 {
		m.TimeNano = max(time.Now().UnixNano(), e.last+1)
	}
	e.last = m.TimeNano
	m.Time = m.TimeNano / int64(time.Second)
	e.ring = append(e.ring, m)
	if len(e.ring) > ringSize {
		e.ring = e.ring[len(e.ring)-ringSize:]
	}
	e.send(encode(m))
	return m
}

// EmitRaw sends a line that needn't be an event. The ring doesn't store it.
func (e *Events) EmitRaw(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.send([]byte(line + "\n"))
}

func (e *Events) send(line []byte) {
	for s := range e.streams {
		s.queue = append(s.queue, line)
		s.signal()
	}
}

// CutStreams aborts all streams without a proper end, as a network failure does, and returns how many there were.
func (e *Events) CutStreams() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.streams)
	for s := range e.streams {
		close(s.cut)
		delete(e.streams, s)
	}
	return n
}

// Forget empties the ring, as a daemon's restart does.
func (e *Events) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ring = nil
}

// Streams returns how many streams are open.
func (e *Events) Streams() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.streams)
}

// Opens returns how many streams were opened so far.
func (e *Events) Opens() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.opens
}

func encode(m Message) []byte {
	b, _ := json.Marshal(m)
	return append(b, '\n')
}

func (s *eventStream) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// ServeHTTP answers GET /events; it supports since and until.
func (e *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	since, ok := daemonTime(r.URL.Query().Get("since"))
	until, ok2 := daemonTime(r.URL.Query().Get("until"))
	if !ok || !ok2 {
		http.Error(w, `{"message":"invalid timestamp"}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	s := e.subscribe(since, until)
	defer e.unsubscribe(s)
	for {
		for _, line := range e.take(s) {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
		if flush.Flush() != nil || until != 0 && until <= time.Now().UnixNano() {
			return
		}
		select {
		case <-s.wake:
		case <-s.cut:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		}
	}
}

// subscribe opens a stream. Like daemons, it reads the ring backwards and stops at the first event before since.
func (e *Events) subscribe(since, until int64) *eventStream {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &eventStream{wake: make(chan struct{}, 1), cut: make(chan struct{})}
	if since != 0 || until != 0 {
		first := len(e.ring)
		for first > 0 && e.ring[first-1].TimeNano >= since {
			first--
		}
		for _, m := range e.ring[first:] {
			if until == 0 || m.TimeNano <= until {
				s.queue = append(s.queue, encode(m))
			}
		}
	}
	if e.streams == nil {
		e.streams = make(map[*eventStream]struct{})
	}
	e.streams[s] = struct{}{}
	e.opens++
	return s
}

func (e *Events) unsubscribe(s *eventStream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, s)
}

func (e *Events) take(s *eventStream) [][]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	lines := s.queue
	s.queue = nil
	return lines
}

// daemonTime converts "1700000000" or "1700000000.000000001" to Unix nanoseconds; "" is 0.
func daemonTime(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	whole, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, false
	}
	if fraction == "" {
		return sec * int64(time.Second), true
	}
	fraction = (fraction + "000000000")[:9]
	nano, err := strconv.ParseInt(fraction, 10, 64)
	return sec*int64(time.Second) + nano, err == nil
}
