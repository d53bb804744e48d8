package containers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLabelsOutliveOneListWithoutTheContainer(t *testing.T) {
	t.Parallel()
	var b LabelBook
	id := strings.Repeat("a", 64)
	_, known := b.Of(id)
	require.False(t, known)
	b.Learn([]Container{{ID: id, Labels: map[string]string{"team": "web"}}})
	b.Learn(nil)
	labels, known := b.Of(id)
	require.True(t, known)
	require.Equal(t, "web", labels["team"])
	b.Learn(nil)
	_, known = b.Of(id)
	require.False(t, known)
}
