package scanner

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// found lists what eachEncoded finds in text, as name and decoded text.
func found(text string) (out []encoded) {
	eachEncoded([]byte(text), 0, len(text), func(e encoded) { out = append(out, e) })
	return out
}

// wrap breaks s into lines of width characters.
func wrap(s string, width int, newline string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + newline)
		s = s[width:]
	}
	return b.String() + s
}

const plainText = "user: someone\npassword: correct horse battery staple\nhost: db.internal\n"

var encoders = map[string]func(string) string{
	"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 raw":     func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"base64 url":     func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"base64 wrapped": func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s)), 76, "\n") },
	"base64 yaml":    func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s)), 64, "\r\n    ") },
	"hex":            func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":            func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"percent":        func(s string) string { return escapeAll(s, "%%%02x") },
	`\u`:             func(s string) string { return escapeAll(s, `\u%04x`) },
	`\x`:             func(s string) string { return escapeAll(s, `\x%02x`) },
}

func escapeAll(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func TestEncodedRunsAreFoundAndLocated(t *testing.T) {
	const word = "horse battery"
	cases := 0
	for name, encode := range encoders {
		for _, before := range []string{"", "data: ", "x = \"", "key=", strings.Repeat("some words ", 7)} {
			cases++
			run := encode(plainText)
			text := before + run + "\" end of it"
			var hit *encoded
			for _, e := range found(text) {
				if strings.Contains(string(e.text), word) {
					hit = &e
				}
			}
			if hit == nil {
				t.Errorf("%s after %q is not found", name, before)
				continue
			}
			i := strings.Index(string(hit.text), word)
			start, end := hit.locate(i, i+len(word))
			if start < len(before) || end > len(before)+len(run) || end-start > 6*len(word)+8 {
				t.Errorf("%s after %q: located at [%d:%d] of the run [%d:%d]", name, before, start, end, len(before), len(before)+len(run))
			}
		}
	}
	if cases != len(encoders)*5 {
		t.Errorf("only %d cases ran", cases)
	}
}

// What locate names must decode to the word again: escapes and hex exactly,
// base64 up to the bits of its neighbours.
func TestLocateIsExact(t *testing.T) {
	const word = "correct horse"
	for name, encode := range encoders {
		text := encode(plainText)
		e := found(text)[0]
		i := strings.Index(string(e.text), word)
		start, end := e.locate(i, i+len(word))
		raw := text[start:end]
		if strings.HasPrefix(name, "base64") {
			clean := strings.Join(strings.Fields(raw), "")
			if want := (len(word)*4 + 2) / 3; len(clean) < want || len(clean) > want+1 {
				t.Errorf("%s: %d characters located for %d bytes", name, len(clean), len(word))
			}
			continue
		}
		if want := encode(word); raw != want {
			t.Errorf("%s: located %q, not %q", name, raw, want)
		}
	}
}

func TestNotEverythingLongIsEncoded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 90)
	for i := range random {
		random[i] = byte(r.IntN(256))
	}
	for _, text := range []string{
		"",
		"short",
		"func aVeryLongIdentifierThatIsNotEncodedAtAllButLongEnoughForOne() {",
		strings.Repeat("=", 200),
		strings.Repeat("A", 200),
		base64.StdEncoding.EncodeToString(random),
		hex.EncodeToString(random[:32]),
		"100% of it, 20%, %d, %s and %q",
		`\user \xyz \n`,
	} {
		if got := found(text); len(got) != 0 {
			t.Errorf("%.40q is taken for %s of %q", text, got[0].name, got[0].text)
		}
	}
}

// A wrapped run that is longer than maxRun is cut between lines: every word of it
// is in one of the pieces.
func TestLongWrappedRun(t *testing.T) {
	var plain strings.Builder
	const words = 4000
	for i := range words {
		fmt.Fprintf(&plain, "this is word number %06d of many\n", i)
	}
	var decoded strings.Builder
	pieces := 0
	for _, e := range found("data: |\n" + encoders["base64 wrapped"](plain.String()) + "\nend: true\n") {
		decoded.Write(e.text)
		pieces++
	}
	if pieces < 3 || decoded.String() != plain.String() {
		t.Errorf("%d pieces, %d of %d bytes", pieces, decoded.Len(), plain.Len())
	}
}

func TestUTF16InBase64(t *testing.T) {
	var wide []byte
	for _, c := range []byte(plainText) {
		wide = append(wide, c, 0)
	}
	got := found("powershell -EncodedCommand " + base64.StdEncoding.EncodeToString(wide))
	if len(got) != 1 || string(got[0].text) != plainText {
		t.Errorf("found %d runs in an encoded command", len(got))
	}
}

// A run is found wherever it stands relative to the bytes that are looked at,
// and by exactly one of two neighbouring windows.
func TestRunsAtWindowSeams(t *testing.T) {
	run := encoders["base64"](plainText)
	for shift := range 3 * minRun {
		text := []byte(strings.Repeat(" ", shift) + run + strings.Repeat(" ", 100))
		for cut := 0; cut <= len(text); cut += 7 {
			n := 0
			count := func(e encoded) {
				if bytes.Equal(e.text, []byte(plainText)) {
					n++
				}
			}
			eachEncoded(text, 0, cut, count)
			eachEncoded(text, cut, len(text), count)
			if inside := cut > shift && cut < shift+len(run); n != 1 && !inside {
				t.Fatalf("shift %d, cut %d: found %d times", shift, cut, n)
			} else if inside && n < 1 {
				t.Fatalf("shift %d, cut %d inside the run: lost", shift, cut)
			}
		}
	}
}

func FuzzEncoded(f *testing.F) {
	for _, encode := range encoders {
		f.Add([]byte("x " + encode(plainText)))
	}
	f.Add([]byte(`%4%41\u00\u0041\x4\`))
	f.Fuzz(func(t *testing.T, text []byte) {
		eachEncoded(text, 0, len(text), func(e encoded) {
			start, end := e.locate(0, len(e.text))
			if e.start < 0 || e.end > len(text) || start < e.start || end > e.end || start > end {
				t.Errorf("%s run [%d:%d] locates its %d bytes at [%d:%d] of %d", e.name, e.start, e.end, len(e.text), start, end, len(text))
			}
		})
	})
}

func BenchmarkEachEncoded(b *testing.B) {
	line := []byte("\tfor i, candidate := range scanner.candidates(path) { // as the table in notes says\n")
	text := bytes.Repeat(line, 1<<20/len(line))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		eachEncoded(text, 0, len(text), func(encoded) {})
	}
}
