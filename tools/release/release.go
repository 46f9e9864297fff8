package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// release is one run.
type release struct {
	source  string // the checkout
	out     string
	kinds   []string
	targets []target
	stamp   stamp
	docs    tree // manual pages and completions, which are the same everywhere
}

// make builds all programs first: what can't be built leaves no half a release.
func (r *release) make(ctx context.Context) error {
	if err := emptyFolder(r.out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "oakum-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	built := map[target][]binary{}
	for _, t := range r.targets {
		fmt.Println("build", t)
		if built[t], err = r.build(ctx, work, t, r.programs()); err != nil {
			return err
		}
		if r.stamp, err = commonStamp(r.stamp, built[t]); err != nil {
			return err
		}
	}
	if err := r.checkPins(); err != nil {
		return err
	}
	if r.wants("archive") || r.wants("deb") {
		if r.docs, err = r.documents(ctx, work, built[host()]); err != nil {
			return err
		}
	}
	for _, t := range r.targets {
		if err := r.pack(t, built[t]); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return r.sums()
}

func (r *release) wants(kind string) bool { return slices.Contains(r.kinds, kind) }

// programs are those that what is wanted holds: a wheel has oakum alone.
func (r *release) programs() []program {
	if r.wants("archive") || r.wants("deb") {
		return programs
	}
	return programs[:1]
}

// pack writes all that there is for one platform.
func (r *release) pack(t target, built []binary) error {
	if r.wants("wheel") {
		if err := r.wheel(t, built[0]); err != nil {
			return fmt.Errorf("wheel: %w", err)
		}
	}
	if !r.wants("archive") && !r.wants("deb") {
		return nil
	}
	notices, err := notices(r.source, built)
	if err != nil {
		return fmt.Errorf("notices: %w", err)
	}
	if r.wants("archive") {
		if err := r.archive(t, built, notices); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
		if err := r.bill(t, built); err != nil {
			return fmt.Errorf("bill of materials: %w", err)
		}
	}
	if r.wants("deb") && t.os == "linux" {
		if err := r.debian(t, built, notices); err != nil {
			return fmt.Errorf("deb: %w", err)
		}
	}
	return nil
}

// write puts one file of the release down.
func (r *release) write(name string, content []byte) error {
	fmt.Println("write", name)
	return os.WriteFile(filepath.Join(r.out, name), content, 0o644)
}

// sums writes SHA256SUMS, as sha256sum -c reads it.
func (r *release) sums() error {
	files, err := os.ReadDir(r.out) // in the order of their names
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(content), f.Name())
	}
	return r.write("SHA256SUMS", []byte(list.String()))
}
