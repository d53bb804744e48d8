package benchweb

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScreenshots takes the pictures for README.md, into the directory SCREENSHOTS.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return // `make screenshots` sets it
	}
	tab := browser(t)
	p := wharf(t, newDemo(t).hosts)
	login(tab, p.URL()+"/")
	tab.UntilSays("Doesn’t answer")
	for _, operation := range []string{"restart", "pause", "unpause"} {
		require.Equal(t, http.StatusAccepted, p.Call("POST", "/v1/operations", p.Admin, map[string]any{
			"operation": operation, "select": map[string]any{"project": []string{"shop"}}, "parallel": 2,
		}).Status)
	}
	for _, shot := range []struct {
		name, path, ready, scheme string
		width, height             int64
	}{
		{"fleet", "/", `document.querySelectorAll('.top-row').length === 10`, "light", 1280, 760},
		{"containers", "/ui/containers?group=project", `/%/.test(document.querySelector('[role="grid"]').textContent)`, "dark", 1280, 640},
		{"logs", "/ui/logs?project=shop", `document.querySelectorAll('.log-row').length > 10`, "light", 1280, 440},
		{"images", "/ui/images", `document.querySelectorAll('main tbody tr').length > 8`, "light", 1280, 480},
		{"operations", "/ui/operations", `/unpause/.test(document.querySelector('main tbody').textContent)`, "dark", 1280, 300},
		{"phone", "/ui/containers", `document.querySelectorAll('[role="row"]').length > 10`, "light", 390, 760},
	} {
		tab.Look(shot.width, shot.height, shot.scheme)
		tab.Go(p.URL() + shot.path)
		tab.Until(live)
		tab.Until(shot.ready)
		require.NoError(t, os.WriteFile(filepath.Join(folder, shot.name+".png"), tab.Picture(), 0o644)) //nolint:gosec // anyone may read the pictures
	}
}
