package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/service"
	"wharf/web/browsertest"
)

func TestFirstStartMakesTheAdmin(t *testing.T) {
	t.Parallel()
	f := serve(t, []dockerx.HostConfig{}, func(f *fixture) { f.setup = "the-setup-token" })
	tab := browsertest.Open(t)
	tab.Go(f.url("/"))
	tab.UntilSays("Setup token")
	for name, text := range map[string]string{"token": "a-wrong-one", "username": admin, "password": password, "full_name": "Hong Gildong", "email": "gildong@example.com"} {
		tab.Type(`input[name="`+name+`"]`, text)
	}
	tab.Click(`form .primary`)
	tab.UntilSays("needs the setup token")
	browsertest.Eval[string](tab, `document.querySelector('input[name="token"]').value = ''`)
	tab.Type(`input[name="token"]`, f.setup)
	tab.Click(`form .primary`)
	tab.UntilSays("No hosts yet")
	tab.UntilSays(admin)
}

func TestLoginSurvivesReloadsAndEndsInAllTabs(t *testing.T) {
	t.Parallel()
	f := serve(t, []dockerx.HostConfig{})
	f.signUp(admin)
	tab := browsertest.Open(t)
	tab.Go(f.url("/ui/containers?q=web"))
	tab.Type(`input[name="username"]`, admin)
	tab.Type(`input[name="password"]`, "wrong")
	tab.Click(`form .primary`)
	tab.UntilSays("wrong username or password")
	tab.Type(`input[name="password"]`, password)
	tab.Click(`form .primary`)
	tab.Until(live)
	require.Equal(t, "/ui/containers?q=web", browsertest.Eval[string](tab, `location.pathname + location.search`), "the login leads where one wanted to go")
	for range 3 {
		tab.Reload()
		tab.Until(live)
	}
	require.Equal(t, "web", browsertest.Eval[string](tab, `document.querySelector('input[name="find"]').value`))
	require.Equal(t, "wharf.session", browsertest.Eval[string](tab, `Object.keys(localStorage).join()`))
	require.Empty(t, browsertest.Eval[string](tab, `document.cookie`), "script sees no cookie")

	other := tab.Another()
	other.Go(f.url("/"))
	other.Until(live)
	other.ClickText("Log out")
	other.Until(`document.querySelector('form')`)
	tab.Until(`document.querySelector('form')`)
	tab.UntilSays("Your session has ended")
	tab.Reload()
	tab.Until(`document.querySelector('form')`)
}

func TestOpenModeNeedsNoLogin(t *testing.T) {
	t.Parallel()
	f := serve(t, []dockerx.HostConfig{}, func(f *fixture) {
		f.edit = func(o *api.Options) { o.Open, o.AnonRole = true, service.RoleViewer }
	})
	f.signUp(admin)
	tab := browsertest.Open(t)
	tab.Go(f.url("/"))
	tab.Until(live)
	require.Zero(t, browsertest.Eval[int](tab, `document.querySelectorAll('a[href="/ui/users"]').length`), "a viewer isn't offered the users")
	tab.ClickText("Log in")
	tab.Type(`input[name="username"]`, admin)
	tab.Type(`input[name="password"]`, password)
	tab.Click(`form .primary`)
	tab.Until(`document.querySelector('a[href="/ui/users"]')`)
	tab.Until(live)
	require.Empty(t, tab.Complaints())
}
