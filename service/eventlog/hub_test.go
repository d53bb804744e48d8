package eventlog

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/events"
)

// While records wait for the database, stored records of other hosts are published after them. A client that resumes after the
// id of such a record gets each waiting record once, in the order of its host.
func TestAClientThatComesBackGetsUnsavedRecordsInOrder(t *testing.T) {
	t.Parallel()
	h := newHub(64, 1<<20)
	h.start(7)
	record := func(id int64, text string) *Record {
		return &Record{ID: id, Event: events.Event{Host: "h", Reason: text}}
	}
	unsaved := func(text string) *entry { return &entry{rec: record(0, text), unsaved: true} }
	old, first, second := unsaved("old"), unsaved("first"), unsaved("second")
	h.publish(old)
	h.publish(&entry{rec: record(8, "old"), confirms: old.seq + 1})
	h.publish(first)
	h.publish(&entry{rec: record(9, "of another replica")})
	h.publish(second)
	s := &Subscription{log: &Log{hub: h}, last: 9}
	require.True(t, h.join(s, 9))
	got := delivered(t, s)
	h.publish(&entry{rec: record(10, "first"), confirms: first.seq + 1}, &entry{rec: record(11, "second"), confirms: second.seq + 1})
	h.publish(&entry{rec: record(12, "third")})
	got = append(got, delivered(t, s)...)
	require.Equal(t, []string{"first 0", "second 0", "its id 10", "its id 11", "third 12"}, got)
}

// A replica publishes records without ids and loses the host's lease. The new owner skips some of them. A client that has
// received a later record doesn't get those any more; one that hasn't gets them in order. A record that is stored after all
// comes in full.
func TestRecordsThatTheNextOwnerSkipsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	h := newHub(64, 1<<20)
	h.start(7)
	at := func(id int64, text string, second int) *Record {
		return &Record{ID: id, Event: events.Event{Host: "h", Reason: text, Time: time.Unix(int64(second), 0)}}
	}
	first, second := &entry{rec: at(0, "first", 1), unsaved: true}, &entry{rec: at(0, "second", 2), unsaved: true}
	h.publish(first, second)
	h.leave("h", first.seq)
	h.leave("h", second.seq)
	h.publish(&entry{rec: at(8, "before them", 0)}, &entry{rec: at(9, "after them", 3)})
	client := func(after int64) *Subscription {
		s := &Subscription{log: &Log{hub: h}, last: after}
		require.True(t, h.join(s, after))
		return s
	}
	late, early := client(9), client(7)
	require.Empty(t, delivered(t, late))
	require.Equal(t, []string{"first 0", "second 0", "before them 8", "after them 9"}, delivered(t, early))
	require.Empty(t, h.left)
	h.publish(&entry{rec: at(10, "second", 2), confirms: second.seq + 1})
	require.Equal(t, []string{"second 10"}, delivered(t, late))
	require.Equal(t, []string{"second 10"}, delivered(t, early))

	last := &entry{rec: at(0, "last", 4), unsaved: true}
	h.publish(last)
	h.leave("h", last.seq)
	for n := range 64 {
		h.publish(&entry{rec: &Record{ID: int64(11 + n), Event: events.Event{Host: "other"}}})
	}
	require.Empty(t, h.left, "it has left the ring")
}

// delivered returns what a subscription has for its client.
func delivered(t *testing.T, s *Subscription) (got []string) {
	t.Helper()
	ds, _, err := s.Next(context.Background(), make([]Delivery, 0, 16))
	require.NoError(t, err)
	for _, d := range ds {
		text := d.Reason
		if d.IDOnly {
			text = "its id"
		}
		got = append(got, text+" "+strconv.FormatInt(d.ID, 10))
	}
	return got
}
