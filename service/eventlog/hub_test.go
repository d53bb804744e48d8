package eventlog

import (
	"context"
	"strconv"
	"testing"

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
	var got []string
	read := func() {
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
	}
	read()
	h.publish(&entry{rec: record(10, "first"), confirms: first.seq + 1}, &entry{rec: record(11, "second"), confirms: second.seq + 1})
	h.publish(&entry{rec: record(12, "third")})
	read()
	require.Equal(t, []string{"first 0", "second 0", "its id 10", "its id 11", "third 12"}, got)
}
