package hook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Manager is a program that owns a repository's hooks: what it did not write
// itself it overwrites or never runs, so oakum's line belongs into its file.
type Manager struct {
	Name string
	File string // the file to change, relative to the top of the work tree, with '/'
	Add  string // what to add to it
}

// FindManager tells which manager the repository is set up for, if any. It goes
// by the files that the managers' own documentation names:
// https://typicode.github.io/husky/how-to.html, https://lefthook.dev/configuration/
// and https://pre-commit.com/#adding-pre-commit-plugins-to-your-project
func FindManager(r Repository, t Type) (Manager, bool) {
	if has(r.Top, ".husky") || strings.Contains(filepath.ToSlash(r.Hooks), "/.husky") {
		return Manager{"husky", ".husky/" + string(t), "oakum hook run " + string(t) + ` "$@"`}, true
	}
	for _, name := range lefthookFiles {
		if has(r.Top, name) {
			return Manager{"lefthook", name, lefthookLines(t)}, true
		}
	}
	for _, name := range []string{".pre-commit-config.yaml", ".pre-commit-config.yml"} {
		if has(r.Top, name) && t != PrePush && t != PreReceive { // pre-commit keeps a pre-push's stdin to itself
			return Manager{"pre-commit", name, preCommitLines(t)}, true
		}
	}
	return Manager{}, false
}

var lefthookFiles = []string{
	"lefthook.yml", ".lefthook.yml", ".config/lefthook.yml",
	"lefthook.yaml", ".lefthook.yaml", ".config/lefthook.yaml",
	"lefthook.toml", ".lefthook.toml", "lefthook.json", ".lefthook.json", "lefthook.jsonc", ".lefthook.jsonc",
}

func lefthookLines(t Type) string {
	arguments := map[Type]string{CommitMsg: " {1}", PrePush: " {1} {2}"}[t]
	lines := fmt.Sprintf("%s:\n  commands:\n    oakum:\n      run: oakum hook run %s%s", t, t, arguments)
	if t.readsStdin() {
		lines += "\n      use_stdin: true"
	}
	return lines
}

func preCommitLines(t Type) string {
	if t == PreCommit {
		return `  - repo: https://github.com/oakum-sec/oakum
    rev: v0.1.0
    hooks:
      - id: oakum`
	}
	return fmt.Sprintf(`  - repo: local
    hooks:
      - id: oakum-%s
        name: oakum (%s)
        entry: oakum hook run %s
        language: system
        stages: [%s]`, t, t, t, t)
}

func has(top, name string) bool {
	_, err := os.Lstat(filepath.Join(top, filepath.FromSlash(name)))
	return err == nil
}
