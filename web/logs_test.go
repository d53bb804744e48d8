package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/web/browsertest"
)

func TestLogsAreFollowedAndSearched(t *testing.T) {
	t.Parallel()
	engine := dockertest.DefaultEngine(t)
	f := serve(t, engineHosts([]dockertest.Engine{engine}))
	f.signUp(admin)
	id := engine.Run(t, dockertest.Spec{Name: "page-logs", Cmd: []string{"log", "tick \x1b[31mred\x1b[0m <b>no markup</b>", "50ms"}})
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/logs?container="+engine.Name+"%2F"+id)
	tab.Until(`document.querySelectorAll('.log-row').length > 5`)
	tab.Until(`document.querySelector('.log-text .ansi-red')?.textContent === 'red'`)
	require.Zero(t, browsertest.Eval[int](tab, `document.querySelectorAll('.log-text b').length`))
	shown := `Number(/[0-9,]+/.exec(document.querySelector('.log-foot').textContent)[0].replace(',', ''))`
	before := browsertest.Eval[int](tab, shown)
	tab.Until(shown + ` > ` + browsertest.Eval[string](tab, `String(`+shown+` + 10)`))
	require.Positive(t, before)

	browsertest.Eval[any](tab, `document.querySelector('.log-row:nth-child(2)').click()`) // in one step: rows move while lines arrive
	tab.Until(`document.querySelector('.picked pre').textContent.includes('<b>no markup</b>')`)
	tab.Type(`input[name="find"]`, "no such text")
	tab.UntilSays("Nothing in the logs fits")
	tab.UntilSays("searched to the end")
	browsertest.Eval[any](tab, `document.querySelector('input[name="find"]').select()`)
	tab.Type(`input[name="find"]`, "no markup")
	tab.Until(`location.search.includes('grep=no+markup') && document.querySelectorAll('.log-row').length > 5`)
	require.Empty(t, tab.Complaints())

	engine.Kill(t, id, "KILL")
	tab.Go(f.url("/ui/containers/" + engine.Name + "/" + id + "?tab=logs"))
	tab.Until(`document.querySelectorAll('.log-row').length > 5`)
	engine.Start(t, id) // new lines appear in the same view
	tab.Until(`document.querySelector('.log-foot').textContent.includes('following')`)
	require.Empty(t, tab.Complaints())
}
