package web_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/web/browsertest"
)

func TestListsStayTrueWhileOneLooks(t *testing.T) {
	t.Parallel()
	engine := dockertest.DefaultEngine(t)
	f := serve(t, engineHosts([]dockertest.Engine{engine}))
	f.signUp(admin)
	name := "page-" + strings.ToLower(t.Name()[len(t.Name())-5:])
	id := engine.Run(t, dockertest.Spec{Name: name})
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers?q="+name)
	stateOf(tab, name, "Running")
	engine.Kill(t, id, "KILL")
	stateOf(tab, name, "Exited")
	tab.UntilSays("exit 137")

	// An action: select a container, choose the action, see the new state.
	tab.Click(`[role="grid"] input[type="checkbox"]`)
	tab.ClickText("Start")
	stateOf(tab, name, "Running")
	engine.AwaitState(t, id, "running")
	tab.ClickText("Stop")
	tab.UntilSays("Stop this container?")
	tab.Click("dialog .danger")
	stateOf(tab, name, "Exited")
	engine.AwaitState(t, id, "exited")

	fresh := name + "-fresh"
	engine.Run(t, dockertest.Spec{Name: fresh})
	stateOf(tab, fresh, "Running")
	engine.Remove(t, id)
	tab.Until(`!document.body.innerText.includes('exit 137')`)
	require.Empty(t, tab.Complaints())
}

func TestHostThatGoesDownKeepsItsLastKnownContainers(t *testing.T) {
	t.Parallel()
	engine := dockertest.DefaultEngine(t)
	network, target, _ := strings.Cut(engine.Addr, "://")
	proxy := dockertest.NewProxy(t, network, target)
	f := serve(t, []dockerx.HostConfig{{Name: "faraway", Addr: "tcp://" + proxy.Addr()}})
	f.signUp(admin)
	name := "page-down"
	engine.Run(t, dockertest.Spec{Name: name})
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers?q="+name)
	stateOf(tab, name, "Running")
	proxy.Refuse(true)
	proxy.Cut()
	tab.UntilSays("Not answering: faraway")
	stateOf(tab, name, "Running")
	tab.Until(`document.querySelector('[role="row"].stale')`)
	tab.Click(`.nav a[href="/"]`)
	tab.UntilSays("Doesn’t answer")
	proxy.Refuse(false)
	tab.Until(`!document.body.innerText.includes('Doesn’t answer')`)
	tab.Click(`.nav a[href="/ui/containers"]`)
	tab.Until(`!document.querySelector('[role="row"].stale')`)
	require.Empty(t, tab.Complaints())
}

func TestPageComesBackWhenWharfDoes(t *testing.T) {
	t.Parallel()
	engine := dockertest.DefaultEngine(t)
	f := serve(t, engineHosts([]dockertest.Engine{engine}))
	f.signUp(admin)
	name := "page-back"
	id := engine.Run(t, dockertest.Spec{Name: name})
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers?q="+name)
	stateOf(tab, name, "Running")
	f.stop()
	tab.UntilSays("wharf doesn’t answer. What you see is from")
	engine.Kill(t, id, "KILL") // while no page follows events
	f.start()
	tab.Until(`!document.querySelector('.bar-lost')`)
	tab.Until(live)
	stateOf(tab, name, "Exited")
}
