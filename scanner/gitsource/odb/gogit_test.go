package odb_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// TestAsGoGit reads packs with another reader than git's and ours: the same objects
// with the same bytes.
func TestAsGoGit(t *testing.T) {
	for _, offsets := range []string{"true", "false"} {
		r := newRepo(t, object.SHA1, 30)
		r.git("", "-c", "repack.useDeltaBaseOffset="+offsets, "repack", "-q", "-a", "-d")
		file, err := os.Open(r.packFiles("pack")[0])
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		c := &comparison{t: t, db: r.open()}
		parser, err := packfile.NewParser(packfile.NewScanner(file), c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(); err != nil || c.objects != 91 {
			t.Errorf("go-git tells of %d objects: %v", c.objects, err)
		}
	}
}

// comparison is told of every object that go-git reads.
type comparison struct {
	t       *testing.T
	db      *odb.DB
	objects int
}

func (c *comparison) OnInflatedObjectContent(h plumbing.Hash, _ int64, _ uint32, want []byte) error {
	c.objects++
	_, data, err := c.db.Read(object.FromBytes(h[:]))
	if err != nil || want != nil && !bytes.Equal(data, want) {
		c.t.Errorf("%s has %d bytes to go-git and %d to oakum: %v", h, len(want), len(data), err)
	}
	return nil
}

func (c *comparison) OnHeader(uint32) error { return nil }

func (c *comparison) OnInflatedObjectHeader(plumbing.ObjectType, int64, int64) error { return nil }

func (c *comparison) OnFooter(plumbing.Hash) error { return nil }
