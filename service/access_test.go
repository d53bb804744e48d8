package service

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGrantsAddToTheRoleWhereTheyMatch(t *testing.T) {
	t.Parallel()
	web, other := map[string]string{"team": "web", "tier": "1"}, map[string]string{"team": "db"}
	a := Actor{Role: RoleNone, Grants: []Grant{
		{Hosts: "prod-*", Labels: "team=web", Role: RoleOperator},
		{Hosts: "prod-1", Role: RoleViewer},
		{Hosts: "lab", Role: RoleAdmin},
	}}
	for _, c := range []struct {
		host   string
		labels map[string]string
		want   Role
	}{
		{"prod-1", web, RoleOperator},
		{"prod-1", other, RoleViewer},
		{"prod-1", nil, RoleViewer},
		{"prod-2", web, RoleOperator},
		{"prod-2", other, RoleNone},
		{"lab", nil, RoleAdmin},
		{"lab2", web, RoleNone},
		{"", web, RoleNone},
	} {
		require.Equal(t, c.want, a.roleOn(c.host, c.labels), "%s %v", c.host, c.labels)
	}
	require.True(t, a.somewhereOn("prod-2", Operate))
	require.False(t, a.everywhereOn("prod-2", View))
	require.True(t, a.everywhereOn("prod-1", View))
	require.False(t, a.everywhereOn("prod-1", Operate))
	require.False(t, a.somewhereOn("other", View))
	require.True(t, a.Has(View))
	require.True(t, a.Has(Operate))
	require.False(t, a.Has(Administer), "an admin of one host isn't one of wharf")
}

func TestGrantNeverTakesAway(t *testing.T) {
	t.Parallel()
	a := Actor{Role: RoleOperator, Grants: []Grant{{Hosts: "*", Role: RoleViewer}}}
	require.Equal(t, RoleOperator, a.roleOn("h", nil))
	require.True(t, a.everywhereOn("h", Operate))
}

func TestLimitCapsRoleAndGrants(t *testing.T) {
	t.Parallel()
	a := Actor{Role: RoleAdmin, Key: true, Limit: RoleViewer, Grants: []Grant{{Hosts: "*", Role: RoleAdmin}}}
	require.Equal(t, RoleViewer, a.roleOn("h", nil))
	require.False(t, a.Has(Administer))
	require.False(t, a.Has(Operate))
	require.True(t, a.Has(View))
	require.False(t, a.somewhereOn("h", Operate))
	low := Actor{Role: RoleNone, Limit: RoleAdmin}
	require.Equal(t, RoleNone, low.roleOn("h", nil), "a limit gives nothing")
}

func TestSelectorTermsMustAllHold(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"team": "web", "empty": ""}
	for selector, want := range map[string]bool{
		"": true, "team": true, "team=web": true, "team=db": false, "missing": false, "empty": true, "empty=": true,
		"team=": false, "team=web,empty": true, "team=web,missing": false,
	} {
		require.Equal(t, want, Grant{Labels: selector}.onLabels(labels), selector)
	}
	require.False(t, Grant{Labels: "team"}.onLabels(nil))
}

func TestPatternThatIsNoneMatchesNothing(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"", "[", "[]", "\\", "a/*"} {
		require.False(t, Grant{Hosts: pattern}.onHost("a"), pattern)
	}
	require.True(t, Grant{Hosts: "*"}.onHost("prod-1.example_x"))
	require.True(t, Grant{Hosts: "prod-?"}.onHost("prod-1"))
}

func TestUnknownRoleHasNoRights(t *testing.T) {
	t.Parallel()
	a := Actor{Role: "king", Grants: []Grant{{Hosts: "*", Role: "emperor"}}}
	for _, p := range []Permission{View, Operate, Administer} {
		require.False(t, a.Has(p))
		require.False(t, a.somewhereOn("h", p))
	}
}
