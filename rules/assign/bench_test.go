package assign

import (
	"strings"
	"testing"
)

// The bars: about 20 ns for a keyword beside which nothing is assigned, and a
// microsecond or so for what the second look costs.

func benchmarkParse(b *testing.B, text, keyword string) {
	t := []byte(strings.Repeat("a line of no interest\n", 40) + text + strings.Repeat("\nanother one", 40))
	at := strings.Index(string(t), keyword)
	b.ReportAllocs()
	for b.Loop() {
		Parse(t, at, at+len(keyword))
	}
}

func BenchmarkParseProse(b *testing.B) {
	benchmarkParse(b, "// reset the password of the user", "password")
}

func BenchmarkParseIdentifier(b *testing.B) {
	benchmarkParse(b, "	return tokenFromContext(ctx)", "token")
}

func BenchmarkParseExpression(b *testing.B) {
	benchmarkParse(b, "	password := readPassword(os.Stdin)", "password")
}

func BenchmarkParseQuoted(b *testing.B) {
	benchmarkParse(b, `	password := "`+random(1, 16)+`"`, "password")
}

func BenchmarkParseBare(b *testing.B) {
	benchmarkParse(b, "DB_PASSWORD="+random(1, 16), "PASSWORD")
}

func BenchmarkPlausible(b *testing.B) {
	for name, value := range map[string]string{"random": random(1, 20), "reference": "${DB_PASSWORD}", "word": "required-field"} {
		b.Run(name, func(b *testing.B) {
			text := []byte("DB_PASSWORD=" + value + "\n")
			a, _ := Parse(text, 3, 11)
			b.ReportAllocs()
			for b.Loop() {
				a.Plausible(text)
			}
		})
	}
}

func BenchmarkFits(b *testing.B) {
	text, paths := []byte("DB_PASSWORD="+random(1, 20)+"\n"), []string{"deploy/.env"}
	a, _ := Parse(text, 3, 11)
	b.ReportAllocs()
	for b.Loop() {
		a.Fits(text, paths)
	}
}
