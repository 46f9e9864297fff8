package scanner

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// oneText is a source of a single text in memory.
type oneText []byte

func (o oneText) Blobs(context.Context) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		yield(Blob{Place: leak.File{Name: "a.txt"}, Size: int64(len(o)), Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(o)), nil
		}}, nil)
	}
}

func findings(t testing.TB, text []byte) (found []*leak.Finding, gaps []*leak.Gap) {
	t.Helper()
	_, err := New(builtin.Set(), Options{Jobs: 1}).Scan(t.Context(), oneText(text), func(e Event) error {
		if e.Finding != nil {
			found = append(found, e.Finding)
		}
		if e.Gap != nil {
			gaps = append(gaps, e.Gap)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, gaps
}

// TestManyPairsOnOneLine: where thousands of key ids share the search for their
// secrets, each still gets the one beside it, windows or not.
func TestManyPairsOnOneLine(t *testing.T) {
	const pairs = 3000
	var text strings.Builder
	secrets := map[int64]leak.Secret{} // by where the id stands
	for i := range pairs {
		id := leaktest.Must(uint64(i), `{{awsID "AKIA"}}`)
		secret := leaktest.Must(uint64(i), `{{awsSecret}}`)
		secrets[int64(text.Len())+6] = leak.NewSecret([]byte(secret))
		fmt.Fprintf(&text, `{"a":"%s","b":"%s","c":"%s"},`, id, secret, strings.Repeat("filler ", i%97))
	}
	if text.Len() < windowSize {
		t.Fatalf("%d bytes are one window", text.Len())
	}
	found, gaps := findings(t, []byte(text.String()))
	paired := 0
	for _, f := range found {
		if f.Rule != "aws-access-key-id" {
			continue
		}
		paired++
		if len(f.Parts) != 1 || !f.Parts[0].Secret.Equal(secrets[f.Span.Start]) {
			t.Fatalf("the id at %d has %d parts, or not its own", f.Span.Start, len(f.Parts))
		}
	}
	if paired < pairs-10 || len(gaps) > 0 { // a few ids in thousands look less than random
		t.Errorf("%d of %d ids, gaps %v", paired, pairs, gaps)
	}
}

// TestManyInOneEscapedRun: findings in a decoded run are located each at its own
// place, in whatever order they are asked for.
func TestManyInOneEscapedRun(t *testing.T) {
	var text strings.Builder
	var places []int64
	for i := range 500 {
		text.WriteString("%3Bx%3D")
		places = append(places, int64(text.Len()))
		token := leaktest.Must(uint64(i), `{{github "ghp_"}}`)
		fmt.Fprintf(&text, "%%%02x%s", token[0], token[1:])
	}
	found, _ := findings(t, []byte(text.String()))
	if len(found) != len(places) {
		t.Fatalf("%d findings of %d", len(found), len(places))
	}
	for i, f := range found {
		if f.Span.Start != places[i] || f.Column != int(places[i])+1 {
			t.Fatalf("finding %d is said to be at %d, column %d; is at %d", i, f.Span.Start, f.Column, places[i])
		}
	}
}

// TestTooManyFindings: a text full of findings is given up with a Gap, however
// long it goes on.
func TestTooManyFindings(t *testing.T) {
	line := `k = "` + leaktest.Must(5, `{{github "ghp_"}}`) + "\"\n"
	found, gaps := findings(t, []byte(strings.Repeat(line, 4*maxFindings)))
	if len(found) != maxFindings || len(gaps) != 1 || gaps[0].Code != leak.GapLimit || gaps[0].Class != leak.Failure {
		t.Errorf("%d findings, gaps %v", len(found), gaps)
	}
}

// BenchmarkHostile is texts that keep the dearest parts busy: the slowest that a
// search over all keywords and all rules' examples, whole and cut, came up with.
func BenchmarkHostile(b *testing.B) {
	for name, unit := range map[string]string{
		"names":       "api_key=",
		"quoted":      `password="`,
		"key ids":     leaktest.Must(7, `{{awsID "AKIA"}},`),
		"escaped url": leaktest.Must(7, `%3Ahttps://user:{{github "ghp_"}}@example.org;`),
		"url start":   "://",
		"tokens":      leaktest.Must(7, `{{github "ghp_"}} `),
	} {
		b.Run(name, func(b *testing.B) {
			text := oneText(strings.Repeat(unit, (128<<10)/len(unit)))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				findings(b, text)
			}
		})
	}
}
