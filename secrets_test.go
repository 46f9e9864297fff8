package oakum_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"os"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
)

// texts is a source of texts in memory, by name.
type texts struct {
	names []string
	read  func(name string) ([]byte, error)
}

func (s texts) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, name := range s.names {
			blob := scanner.Blob{Place: leak.File{Name: name}, Size: -1, Open: func(context.Context) (io.ReadCloser, error) {
				b, err := s.read(name)
				return io.NopCloser(bytes.NewReader(b)), err
			}}
			if !yield(blob, nil) {
				return
			}
		}
	}
}

// likely are the findings that would stop a commit.
func likely(t *testing.T, src scanner.Source) []*leak.Finding {
	t.Helper()
	var found []*leak.Finding
	_, err := scanner.New(builtin.Set(), scanner.Options{MinProof: leak.Pattern}).Scan(t.Context(), src, func(e scanner.Event) error {
		if e.Gap != nil {
			t.Errorf("not looked at: %v", e.Gap)
		}
		if e.Finding != nil && e.Finding.Suppressed == nil {
			found = append(found, e.Finding)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// There is no literal credential in this repository, fake or not: leaktest
// makes them at run time. Our own rules judge.
func TestNoLiteralSecret(t *testing.T) {
	names := files(t, func(name string) bool {
		info, err := os.Lstat(name)
		return err == nil && info.Mode().IsRegular()
	})
	for _, f := range likely(t, texts{names, os.ReadFile}) {
		t.Errorf("%s:%d:%d: holds what %s finds; make it with leaktest", f.Place, f.Line, f.Column, f.Rule)
	}
}

// The test above can fail: it sees a made-up credential in a text.
func TestLiteralSecretWouldBeSeen(t *testing.T) {
	planted := texts{[]string{"config.go"}, func(string) ([]byte, error) {
		return []byte("package config\n\nconst token = \"" + leaktest.Must(1, `{{github "ghp_"}}`) + "\"\n"), nil
	}}
	if found := likely(t, planted); len(found) != 1 {
		t.Errorf("a planted GitHub token gave %d findings", len(found))
	}
}
