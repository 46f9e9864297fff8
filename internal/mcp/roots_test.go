package mcp

import (
	"path/filepath"
	"runtime"
	"testing"
)

// The server itself is tested with the SDK's client and the real engine, in
// internal/cli.

func TestFileOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths are of another form there")
	}
	for uri, want := range map[string]string{
		"file:///home/ann/shop":       "/home/ann/shop",
		"file://localhost/home/a%20b": "/home/a b",
		"file://other/home":           "",
		"https://example.org/home":    "",
		"file:relative":               "",
		"%":                           "",
		"":                            "",
	} {
		got, ok := fileOf(uri)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", uri, got, ok)
		}
	}
}

func TestWithin(t *testing.T) {
	root := filepath.Join(string(filepath.Separator), "a", "b")
	for path, want := range map[string]bool{
		root:                                      true,
		filepath.Join(root, "c"):                  true,
		filepath.Join(root, "..", "bc"):           false,
		filepath.Join(root, ".."):                 false,
		filepath.Join(root, "..c"):                true,
		filepath.Join(root, "c", "..", "..", "d"): false,
	} {
		if got := within(root, path); got != want {
			t.Errorf("%s within %s: %v", path, root, got)
		}
	}
}
