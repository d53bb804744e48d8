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

// A key's role caps the grants of its user. A grant's Exec applies only to keys that were made with Exec.
func TestExecOfAGrantPassesKeysMadeForIt(t *testing.T) {
	t.Parallel()
	grants := []Grant{{Hosts: "a", Labels: "team=web", Role: RoleViewer, Exec: true}}
	web := map[string]string{"team": "web"}
	for name, c := range map[string]struct {
		actor Actor
		want  bool
	}{
		"session":             {Actor{Role: RoleViewer, Grants: grants}, true},
		"key":                 {Actor{Role: RoleViewer, Grants: grants, Key: true, Limit: RoleViewer, LimitsExec: true}, false},
		"key with exec":       {Actor{Role: RoleViewer, Grants: grants, Key: true, Limit: RoleViewer}, true},
		"admin's viewer key":  {Actor{Role: RoleAdmin, Key: true, Limit: RoleViewer}, false},
		"admin key":           {Actor{Role: RoleNone, Grants: grants, Key: true, Limit: RoleAdmin, LimitsExec: true}, true},
		"key without a grant": {Actor{Role: RoleViewer, Key: true, Limit: RoleViewer}, false},
		"key with a scope":    {Actor{Role: RoleAdmin, Grants: grants, Key: true, Limit: RoleAdmin, Scope: ScopeDocker}, false},
	} {
		require.Equal(t, c.want, c.actor.Has(Exec), name)
		require.Equal(t, c.want, c.actor.somewhereOn("a", Exec), name)
		require.Equal(t, c.want, c.actor.roleFor(Exec, "a", web).atLeast(RoleAdmin), name)
		require.Equal(t, c.actor.Role == RoleAdmin && c.actor.Limit == "", c.actor.roleFor(Exec, "b", web).atLeast(RoleAdmin), name)
		require.False(t, c.actor.everywhereOn("a", Exec), name)
		require.False(t, c.actor.Has(Administer), name)
	}
}

func TestKeyOfAScopeHasNoOtherRight(t *testing.T) {
	t.Parallel()
	key := Actor{
		Role: RoleAdmin, Key: true, Limit: RoleAdmin, Scope: ScopeDocker,
		Grants: []Grant{{Hosts: "*", Role: RoleAdmin, Exec: true}},
	}
	for _, p := range []Permission{Self, View, Operate, Exec, Administer} {
		require.False(t, key.Has(p), p)
		if p != Self {
			require.False(t, key.somewhereOn("h", p), p)
			require.False(t, key.everywhereOn("h", p), p)
			require.False(t, key.SeesAll(), p)
		}
	}
	require.Equal(t, RoleNone, key.roleOn("h", nil))
	require.True(t, key.MayUseEngines())
	for name, change := range map[string]func(*Actor){
		"no scope":       func(a *Actor) { a.Scope = "" },
		"another scope":  func(a *Actor) { a.Scope = "king" },
		"no key":         func(a *Actor) { a.Key = false },
		"no admin now":   func(a *Actor) { a.Role = RoleOperator },
		"a lower key":    func(a *Actor) { a.Limit = RoleOperator },
		"a key of none":  func(a *Actor) { a.Limit = "" },
		"admin by grant": func(a *Actor) { a.Role = RoleNone },
	} {
		other := key
		change(&other)
		require.False(t, other.MayUseEngines(), name)
	}
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
