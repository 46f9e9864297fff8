package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// whole is the file that says that a copy is complete.
const whole = "bench-whole"

// provide makes c in a folder of its own below dir, unless it is there already.
func (s *session) provide(ctx context.Context, c *cut, dir string) error {
	name := strings.NewReplacer("/", "of", ", ", "-", " ", "-").Replace(s.repo.facts.Name + "-" + c.Part + "-" + c.Packing)
	at := filepath.Join(dir, name+".git")
	if _, err := os.Stat(filepath.Join(at, whole)); err != nil {
		progress("making the copy %s", name)
		if err := s.remake(ctx, c, at); err != nil {
			return err
		}
	}
	var err error
	if c.repo, err = openRepository(ctx, at, c.Part); err == nil {
		c.Facts = c.repo.facts
	}
	return err
}

func (s *session) remake(ctx context.Context, c *cut, at string) error {
	if err := os.RemoveAll(at); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "git", "init", "-q", "--bare", "--object-format="+s.repo.format, at).CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w\n%s", err, out)
	}
	if err := s.packInto(ctx, c, filepath.Join(at, "objects", "pack")); err != nil {
		return errors.Join(err, os.RemoveAll(at))
	}
	refs, head := packedRefs(c.tips)
	return errors.Join(
		os.WriteFile(filepath.Join(at, "packed-refs"), refs, 0o644),
		os.WriteFile(filepath.Join(at, "HEAD"), []byte(head), 0o644),
		os.WriteFile(filepath.Join(at, whole), nil, 0o644))
}

// packInto packs what c's tips lead to, as far as it is there: a partial clone's
// missing objects stay missing, and the pack is marked as such a clone's is.
func (s *session) packInto(ctx context.Context, c *cut, dir string) error {
	if c.how.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.how.limit, fmt.Errorf("packing took longer than %s", c.how.limit))
		defer cancel()
	}
	list := s.repo.command(ctx, "rev-list", "--objects", "--missing=allow-any", "--stdin")
	list.Stdin = strings.NewReader(strings.Join(c.tips, "\n") + "\n")
	pack := s.repo.command(ctx, append(c.how.args(s.jobs), filepath.Join(dir, "pack"))...)
	if err := pipe(list, pack); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	if !s.repo.promised() {
		return nil
	}
	packs, err := filepath.Glob(filepath.Join(dir, "*.pack"))
	for _, p := range packs {
		err = errors.Join(err, os.WriteFile(strings.TrimSuffix(p, "pack")+"promisor", nil, 0o644))
	}
	return err
}

// promised tells whether the repository is a partial clone.
func (r *repository) promised() bool {
	for _, p := range r.packs {
		if _, err := os.Stat(strings.TrimSuffix(p, "pack") + "promisor"); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// pipe runs from and to side by side, the one's output being the other's input.
func pipe(from, to *exec.Cmd) error {
	var words, moreWords bytes.Buffer
	from.Stderr, to.Stderr = &words, &moreWords
	out, err := from.StdoutPipe()
	if err != nil {
		return err
	}
	to.Stdin = out
	if err := to.Start(); err != nil {
		return err
	}
	if err := from.Start(); err != nil {
		return errors.Join(err, to.Wait())
	}
	ended := to.Wait() // before from's, which closes the pipe that to reads
	if err := from.Wait(); err != nil {
		return fmt.Errorf("git %s: %w\n%s", from.Args[3], err, words.Bytes())
	}
	if ended != nil {
		return fmt.Errorf("git %s: %w\n%s", to.Args[3], ended, moreWords.Bytes())
	}
	return nil
}
