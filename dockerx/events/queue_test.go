package events

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventQueueIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	var stream bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&stream, `{"Type":"container","Action":"start","timeNano":%d,"Actor":{"ID":"a","Attributes":{"x":%q}}}`+"\n",
			i+1, strings.Repeat("x", 10_000))
	}
	q := newQueue(105_000)
	q.fill(newDecoder("h", &stream))
	items, overflow, err := q.take()
	require.Len(t, items, 10)
	require.True(t, overflow)
	require.ErrorIs(t, err, io.EOF)
	require.Zero(t, q.bytes)
}

func TestModelTakesNoContainersWithoutEnd(t *testing.T) {
	t.Parallel()
	m := containerModel{states: map[string]ContainerState{}}
	for i := range maxModelContainers {
		m.states[fmt.Sprint(i)] = ContainerState{}
	}
	require.False(t, m.takes(&Event{ActorID: "new"}))
	require.True(t, m.takes(&Event{ActorID: "7"}))
	require.False(t, m.takes(&Event{ActorID: "7", ActorName: strings.Repeat("x", maxModelText+1)}))
}
