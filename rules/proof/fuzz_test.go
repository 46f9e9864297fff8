package proof_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/proof"
)

// FuzzParse holds that no parser panics, changes its input or answers twice
// differently.
func FuzzParse(f *testing.F) {
	count := 0
	names := proof.Parsers()
	add := func(parser, tmpl string) {
		f.Add(uint8(slices.Index(names, parser)), []byte(leaktest.Must(1, tmpl)))
		count++
	}
	for _, c := range parsed {
		add(c.parser, c.tmpl)
	}
	for _, kind := range pemKinds {
		add("pem", fmt.Sprintf("{{pem %q}}", kind))
	}
	if count < 45 {
		f.Fatalf("%d seeds", count)
	}
	f.Fuzz(func(t *testing.T, which uint8, value []byte) {
		name, before := names[int(which)%len(names)], string(value)
		first, second := proof.Parse(name, value), proof.Parse(name, value)
		if string(value) != before {
			t.Errorf("%s changed its input", name)
		}
		if fmt.Sprint(first.Verdict, first.Notes, first.Expires) != fmt.Sprint(second.Verdict, second.Notes, second.Expires) {
			t.Errorf("%s answers differently the second time", name)
		}
		for _, note := range first.Notes {
			if note == "" || len(note) > 200 {
				t.Errorf("%s gives a note of %d bytes", name, len(note))
			}
		}
	})
}

// FuzzExtent holds that an extent lies within the text and ends in an END marker.
func FuzzExtent(f *testing.F) {
	count := 0
	for _, write := range pemSettings {
		text := write([]string{"-----BEGIN PRIVATE" + " KEY-----", "AAAA", "-----END PRIVATE" + " KEY-----"})
		f.Add([]byte(text))
		count++
	}
	if count < 20 {
		f.Fatalf("%d seeds", count)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, head := range pemHead.FindAllIndex(text, -1) {
			end, ok := proof.Extent("pem", text, head[0], head[1])
			if end < head[1] || end > len(text) || end-head[0] > 64<<10 && ok {
				t.Fatalf("an end of %d for a head at %v in %d bytes", end, head, len(text))
			}
			if ok && string(text[end-5:end]) != "-----" {
				t.Error("the end is not a marker's")
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, tmpl string }{
		{"jwt", `{{jwt}}`}, {"aws-key-id", `{{awsID "AKIA"}}`}, {"pypi-macaroon", `{{pypi}}`}, {"pem", `{{pem "RSA"}}`}, {"pem", `{{pem "OPENSSH"}}`},
	} {
		value := []byte(leaktest.Must(1, c.tmpl))
		b.Run(c.tmpl, func(b *testing.B) {
			for b.Loop() {
				proof.Parse(c.name, value)
			}
		})
	}
}
