package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnEventsLabelsAreNotItsAttributes(t *testing.T) {
	t.Parallel()
	e, err := decodeEvent("h", []byte(`{"Type":"container","Action":"die","Actor":{"ID":"x","Attributes":{
		"name":"web","image":"nginx","exitCode":"0","team":"web","wharf.actor":"me"}},"timeNano":5}`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"team": "web"}, e.Labels)
	require.Equal(t, "web", e.Attrs["name"])
	e, err = decodeEvent("h", []byte(`{"Type":"network","Action":"connect","Actor":{"ID":"x","Attributes":{"team":"web"}},"timeNano":5}`))
	require.NoError(t, err)
	require.Nil(t, e.Labels, "what is no container has none that grants go by")
}
