package gitsource_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestNarrowEmptyTree visits a tree that git knows without having it, between
// others: it is read while the search for what was last seen is under way, which
// the race detector has to find nothing in.
func TestNarrowEmptyTree(t *testing.T) {
	eachFormat(t, func(t *testing.T, f object.Format) {
		s := newSandbox(t, f)
		for i := range 20 {
			s.write(fmt.Sprintf("dir%d/file", i), "token = "+s.mark(fmt.Sprint("file ", i)))
			s.commit(fmt.Sprint("version ", i))
		}
		empty := s.git("hash-object", "-t", "tree", "/dev/null")
		s.git("update-ref", "HEAD", s.git("commit-tree", "-m", "all gone", "-p", "HEAD", empty))
		if strings.Contains(s.git("cat-file", "--batch-all-objects", "--batch-check"), empty) {
			t.Fatal("git has stored the empty tree")
		}
		if n := s.wantNarrowed(t); n < 20 {
			t.Errorf("%d findings", n)
		}
	})
}
