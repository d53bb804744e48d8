package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// browsers are the names of Chromium and its derivatives: on Debian, on other systems, and on macOS.
var browsers = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
}

// addBrowser sets the browser for the tests, after installing one if possible. A bed works without one: the tests that need it report
// that it is missing.
func (r *ready) addBrowser() {
	path := findBrowser()
	if path == "" && installed("apt-get") && becomesRoot() {
		if err := script("scripts/install-browser.sh"); err != nil {
			say("%v", err)
		}
		path = findBrowser()
	}
	if path == "" {
		r.Summary = append(r.Summary, "browser   none found: install Chromium or Chrome, or set WHARF_TEST_BROWSER to one")
		return
	}
	r.Env["WHARF_TEST_BROWSER"] = path
	version, _ := exec.Command(path, "--version").Output()
	r.Summary = append(r.Summary, fmt.Sprintf("browser   %s, %s", strings.TrimSpace(string(version)), path))
}

func findBrowser() string {
	if path := os.Getenv("WHARF_TEST_BROWSER"); path != "" {
		return path
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
