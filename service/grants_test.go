package service

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLabelsOfGrantsHaveNoCharactersThatHide(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkGrant(NewGrant{Hosts: "*", Labels: "team=web é", Role: RoleViewer}))
	for _, labels := range []string{"team=\u202ebew", "te\u200bam=web", "team=\x1b[2J", "team=\u2066web"} {
		require.Error(t, checkGrant(NewGrant{Hosts: "*", Labels: labels, Role: RoleViewer}), "%q", labels)
	}
	require.NotEmpty(t, checkFullName("Yun\u202eGilDong"))
}
