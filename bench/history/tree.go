package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// export writes the files of HEAD to dir, as `git archive` gives them (what an
// attribute says export-ignore stays behind). Links are left out: no program
// compared here follows them.
func (r *repository) export(ctx context.Context, dir string) error {
	cmd := r.command(ctx, "archive", "--format=tar", "HEAD")
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("git archive HEAD: %w", err)
	}
	unpacked := unpack(out, dir)
	_, _ = io.Copy(io.Discard, out) // what is left after an error, so that git can end
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("git archive HEAD: %w: %s", err, bytes.TrimSpace(words.Bytes()))
	}
	return unpacked
}

func unpack(archive io.Reader, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // the repository is not trusted to name files within it alone
	if err != nil {
		return err
	}
	defer root.Close()
	for files := tar.NewReader(archive); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && head.Typeflag == tar.TypeReg {
			err = write(root, head.Name, files)
		}
		if err != nil {
			return fmt.Errorf("unpack HEAD's tree: %w", err)
		}
	}
}

func write(root *os.Root, name string, text io.Reader) error {
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
		return err
	}
	f, err := root.Create(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, text)
	return errors.Join(err, f.Close())
}
