package api_test

import (
	"encoding/json"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"wharf/api"
)

// docsFacts are facts about the documentation as a browser shows it.
type docsFacts struct {
	Articles, Scripts, Dead int
	Ground                  string
	Styled                  bool
}

// The documentation works in a real browser under its policy: it is styled, in light and dark mode, all links have targets, and no
// script runs.
func TestDocumentationInABrowser(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	page := browser(t)
	look := func(scheme string) (seen docsFacts) {
		require.NoError(t, chromedp.Do(page, chromedp.Navigate(w.url+"/docs#stopContainer")))
		_, err := chromedp.Call(page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		require.NoError(t, err)
		text, err := chromedp.Run(page, chromedp.Evaluate[string](`JSON.stringify({
			articles: document.querySelectorAll('article h3').length,
			scripts: document.scripts.length,
			dead: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.getElementById(a.hash.slice(1))).length,
			ground: getComputedStyle(document.body).backgroundColor,
			styled: getComputedStyle(document.querySelector('.method')).display === 'inline-block',
		})`))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(text), &seen))
		return seen
	}
	light, dark := look("light"), look("dark")
	require.Greater(t, light.Articles, len(api.Operations()), "one for each operation, and the shapes")
	require.Zero(t, light.Scripts)
	require.Zero(t, light.Dead, "links to nowhere")
	require.True(t, light.Styled, "the policy lets the page's own style through")
	require.Equal(t, "rgb(255, 255, 255)", light.Ground)
	require.Equal(t, "rgb(13, 17, 23)", dark.Ground)
}
