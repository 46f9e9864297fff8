// Package sourcetest holds the conformance suite of scanner.Source, and a
// source in memory to test the scanner with.
package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

// Memory is a Source of texts that are in memory already. It is also the
// simplest Narrowing one: having the texts, it can ask the rules by itself.
type Memory []Text

// Text is a name and its content.
type Text struct {
	Name    string
	Content []byte
}

var _ scanner.Narrowing = Memory{}

// Blobs yields the texts as files.
func (m Memory) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, t := range m {
			if !yield(t.blob(), nil) {
				return
			}
		}
	}
}

// Plain is m as a source that is no Narrowing one.
func (m Memory) Plain() scanner.Source { return plain{m} }

type plain struct{ scanner.Source }

// Candidates yields the texts that set matches in, or that must be decoded to
// tell.
func (m Memory) Candidates(_ context.Context, set *rules.Set, seen func(blobs, bytes int64)) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		var matches []rules.Match
		for _, t := range m {
			matches = set.Append(matches[:0], t.Content)
			if len(matches) == 0 && !scanner.Encoded(t.Content) {
				seen(1, int64(len(t.Content)))
				continue
			}
			if !yield(t.blob(), nil) {
				return
			}
		}
	}
}

func (t Text) blob() scanner.Blob {
	return scanner.Blob{Place: leak.File{Name: t.Name}, Size: int64(len(t.Content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(t.Content)), nil }}
}

// Run checks that a source keeps the contract of scanner.Source: the same blobs
// in the same order every time, places that are set, sizes that are right, an end
// when asked, and, of a Narrowing source, the same findings either way. open
// makes the source anew. want is how many blobs it yields; 0 is not accepted.
func Run(t *testing.T, set *rules.Set, want int, open func(*testing.T) scanner.Source) {
	t.Run("yields what it says", func(t *testing.T) {
		first := list(t, open(t))
		if len(first) != want || want == 0 {
			t.Fatalf("yields %d blobs, not %d", len(first), want)
		}
		for i, again := range list(t, open(t)) {
			if again != first[i] {
				t.Errorf("blob %d is %s, and %s the second time", i, first[i], again)
			}
		}
	})
	t.Run("stops when asked", func(t *testing.T) { stops(t, open(t)) })
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := scanner.New(set, scanner.Options{}).Scan(ctx, open(t), func(scanner.Event) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a scan whose context has ended says %v", err)
		}
	})
	t.Run("one worker tells what eight tell", func(t *testing.T) {
		one, eight := tell(t, set, open(t), 1), tell(t, set, open(t), 8)
		if one != eight {
			t.Errorf("one worker:\n%s\neight:\n%s", one, eight)
		}
		if n, ok := open(t).(scanner.Narrowing); ok {
			if all := tell(t, set, plain{n}, 1); all != one {
				t.Errorf("by itself:\n%s\nwhole:\n%s", one, all)
			}
		}
	})
}

// list describes every blob, its content's size included.
func list(t *testing.T, src scanner.Source) (out []string) {
	for b, err := range src.Blobs(t.Context()) {
		if err != nil {
			out = append(out, "gap: "+err.Error())
			continue
		}
		if b.Place == nil {
			t.Fatalf("blob %d has no place", len(out))
		}
		r, err := b.Open(t.Context())
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %v", b.Place, err))
			continue
		}
		n, err := io.Copy(io.Discard, r)
		if cerr := r.Close(); err != nil || cerr != nil {
			t.Errorf("%s: read: %v, close: %v", b.Place, err, cerr)
		}
		if b.Size >= 0 && n != b.Size {
			t.Errorf("%s: has %d bytes, said %d", b.Place, n, b.Size)
		}
		out = append(out, fmt.Sprintf("%s %s %d %s", b.Place.Kind(), b.Place, n, b.Reach))
	}
	return out
}

func stops(t *testing.T, src scanner.Source) {
	n := 0
	for range src.Blobs(t.Context()) {
		if n++; n == 1 {
			break
		}
	}
	if n != 1 {
		t.Errorf("yielded %d after it was told to stop", n)
	}
}

// tell is what a scan says, as text without values.
func tell(t *testing.T, set *rules.Set, src scanner.Source, jobs int) string {
	var out bytes.Buffer
	sum, err := scanner.New(set, scanner.Options{Jobs: jobs}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			fmt.Fprintln(&out, e.Finding.ID, e.Finding.Rule, e.Finding.Place, e.Finding.Span, e.Finding.Reach)
		case e.Gap != nil:
			fmt.Fprintln(&out, e.Gap)
		}
		return nil
	})
	fmt.Fprintf(&out, "%+v %v\n", sum, err)
	return out.String()
}
