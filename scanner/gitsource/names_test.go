package gitsource_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestNarrowNames: tokens in the names of files and folders, in history, in an index
// alone, and in a sparse index's folder, whose files nothing else flags.
func TestNarrowNames(t *testing.T) {
	eachFormat(t, func(t *testing.T, f object.Format) {
		s := newSandbox(t, f)
		token := func(n uint64) string { return leaktest.Must(n, `{{github "ghp_"}}`) }
		s.write("plain", "nothing\n")
		s.write("old/"+token(1), "a file\n")
		s.write("dir-"+token(2)+"/a", "one\n")
		s.write("dir-"+token(2)+"/sub/b", "two\n")
		s.write("both-"+token(3), token(4))
		s.commit("names")
		s.git("rm", "-q", "-r", "old")
		s.commit("one less")
		blob := s.feed("index alone\n", "hash-object", "-w", "--stdin")
		s.git("update-index", "--add", "--cacheinfo", "100644,"+blob+",x/"+token(5)+"/y")
		if n := s.wantNarrowed(t); n < 6 {
			t.Errorf("%d findings, there are 6 names and values", n)
		}
		s.git("repack", "-q", "-a", "-d", "-k")
		s.wantNarrowed(t)
		stored, _ := s.wantRemembered(t, nil)
		s.wantRemembered(t, stored)

		tree := s.feed(fmt.Sprintf("100644 blob %s\tz\n", blob), "mktree")
		s.write(".git/index", sparseIndex(f, "of-"+token(6)+"/", tree))
		if n := s.wantNarrowed(t); n < 6 {
			t.Errorf("%d findings with a sparse index", n)
		}
	})
}

// sparseIndex is an index of version 2 with one folder (gitformat-index(5)).
func sparseIndex(f object.Format, name, tree string) string {
	h, _ := f.Parse(tree)
	entry := strings.Repeat("\x00", 24) + "\x00\x00\x40\x00" + strings.Repeat("\x00", 12) + string(h[:f.Size()])
	entry += string([]byte{0x40, byte(len(name))}) + "\x00\x00" + name // extended: skip-worktree
	body := "DIRC\x00\x00\x00\x03\x00\x00\x00\x01" + entry + strings.Repeat("\x00", 8-len(entry)%8)
	body += "sdir\x00\x00\x00\x00"
	sum := f.Hash()
	sum.Write([]byte(body))
	return body + string(sum.Sum(nil))
}

// TestNarrowBroken: a Probe that panics costs time, and hides nothing.
func TestNarrowBroken(t *testing.T) {
	s := editedHistory(t, object.SHA1, 5)
	s.git("repack", "-q", "-a", "-d", "-f", "--depth=20")
	r := s.open(gitsource.Options{})
	got, n := told(t, broken{r})
	if want, _ := told(t, r); got != want || n < 100 {
		t.Errorf("want:\n%s\ngot:\n%s", want, got)
	}
}

// broken is a repository that is scanned with broken Probes.
type broken struct{ *gitsource.Repo }

func (b broken) Narrow(ctx context.Context, n scanner.Narrower) error {
	return b.Repo.Narrow(ctx, brokenProbes{n})
}

type brokenProbes struct{ scanner.Narrower }

func (brokenProbes) Probe() *scanner.Probe { return nil }
