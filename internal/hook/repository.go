package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository is what installing needs to know of one. All paths are absolute.
type Repository struct {
	Top    string // top of the work tree; the git folder itself where it is bare
	Common string // the git folder that all worktrees share
	Hooks  string // where git looks for hooks; may not exist
}

// Open asks git about the repository that holds dir.
func Open(ctx context.Context, dir string) (Repository, error) {
	bare, err := ask(ctx, dir, "--is-bare-repository")
	if err != nil {
		return Repository{}, err
	}
	top := "--show-toplevel"
	if bare == "true" {
		top = "--absolute-git-dir"
	}
	var r Repository
	if r.Top, err = ask(ctx, dir, top); err != nil {
		return Repository{}, err
	}
	// From the top: a relative core.hooksPath counts from where hooks run.
	if r.Hooks, err = ask(ctx, r.Top, "--path-format=absolute", "--git-path", "hooks"); err != nil {
		return Repository{}, err
	}
	r.Common, err = ask(ctx, r.Top, "--path-format=absolute", "--git-common-dir")
	return r, err
}

// Shared tells whether the hooks folder lies outside the repository: then every
// repository that is configured alike runs the same hooks.
func (r Repository) Shared() bool { return !below(r.Hooks, r.Common) && !below(r.Hooks, r.Top) }

// Committed tells whether the hooks folder lies in the work tree, where a hook
// can be committed by mistake.
func (r Repository) Committed() bool { return !below(r.Hooks, r.Common) && below(r.Hooks, r.Top) }

func below(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// ask runs git rev-parse, which runs nothing that a repository configures.
func ask(ctx context.Context, dir string, question ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"rev-parse"}, question...)...)
	cmd.Dir = dir
	// git's messages are read by people only; its paths are taken as they are.
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0")
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", fmt.Errorf("ask git about %s: %w (a hook needs git: install it)", dir, err)
		}
		if said := strings.TrimSpace(words.String()); said != "" {
			err = errors.New(said)
		}
		return "", fmt.Errorf("ask git about %s: %w", dir, err)
	}
	answer := strings.TrimRight(out.String(), "\r\n")
	if strings.HasPrefix(answer, "--") { // an old git repeats an option it does not know
		return "", fmt.Errorf("ask git about %s: it does not know %s (2.31 or later is needed)", dir, question[0])
	}
	return filepath.FromSlash(answer), nil
}
