package scanner_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// snippets are what edits put into a file: values that are told, values that
// are nearly, what pairs, what is encoded, and the words around them.
var snippets = []string{
	`x = "{{github "ghp_"}}"`,
	`GITHUB_TOKEN: {{github "ghp_"}} # oakum:allow a test`,
	"aws_access_key_id = {{awsID \"AKIA\"}}\naws_secret_access_key = {{awsSecret}}\n",
	`{"id":"{{awsID "AKIA"}}","s":"{{awsSecret}}"}`,
	`password = "{{from "abcdefghABCDEFGH0123456789!" 14}}"`,
	`secret_key = {{from "abcdefghijABCDEFGHIJ0123456789" 40}} `,
	`postgres://user:{{from "abcdefghABCDEFGH0123456789" 16}}@db.example.org/x`,
	`pair_{{from "abc" 10}} `,
	`api_key="EXAMPLE{{from "ABCDEFGH" 12}}"`,
	`ghp%5f{{from "ABCDEFGHabcd0123456789" 36}};`,
	"ghp_", "password", " = ", "\"", "AKIA", "%41", "EXAMPLE", "\n", "\x00",
}

// edit changes a text in a place or two, as people and bad luck do.
func edit(rnd *rand.Rand, text []byte) []byte {
	for range 1 + rnd.IntN(3) {
		at := rnd.IntN(len(text) + 1)
		end := min(len(text), at+[]int{0, 0, 1, 7, 200}[rnd.IntN(5)])
		var piece string
		switch rnd.IntN(6) {
		case 0: // takes out only
		case 1:
			piece = string(text[at/2 : min(len(text), at/2+rnd.IntN(300))]) // said again elsewhere
		case 2:
			plain := "it is here: " + leaktest.Must(rnd.Uint64(), snippets[rnd.IntN(6)]) + " and that is it"
			piece = " " + base64.StdEncoding.EncodeToString([]byte(plain)) + " "
		default:
			piece = leaktest.Must(rnd.Uint64(), snippets[rnd.IntN(len(snippets))])
		}
		text = slices.Concat(text[:at], []byte(piece), text[end:])
	}
	return text
}

// versions are n texts, each an edit of the one before or a new one.
func versions(rnd *rand.Rand, n int) (src sourcetest.Memory) {
	var text []byte
	for i := range n {
		if i%40 == 0 {
			text = []byte(strings.Repeat("func words(of int, a program) {\n\treturn 1 // a comment\n}\n", rnd.IntN(200)))
		}
		text = edit(rnd, text)
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("d/f%03d%s", i, []string{".go", ".env", "_test.py", ""}[rnd.IntN(4)]), Content: text})
	}
	return src
}

// However a text is probed, alone or as an edit of another, its scan tells what
// the scan of all of it tells.
func TestProbedHistories(t *testing.T) {
	for name, set := range map[string]*rules.Set{"three rules": testSet(t), "built-in rules": builtin.Set()} {
		t.Run(name, func(t *testing.T) {
			src := versions(rand.New(rand.NewPCG(5, 6)), 600)
			for way, src := range map[string]scanner.Source{"probed": src, "edited": src.Edited(), "deltas": src.Deltas()} {
				t.Run(way, func(t *testing.T) {
					sourcetest.Run(t, set, 600, func(*testing.T) scanner.Source { return src })
				})
			}
		})
	}
}

// The same holds for texts of several windows, with little to look at in each.
func TestProbedLargeTexts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	var src sourcetest.Memory
	text := []byte(strings.Repeat("func words(of int, a program) {\n\treturn 1 // a comment\n}\n", 45_000))
	for i := range 4 {
		for range 30 {
			text = edit(rnd, text)
		}
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("d/f%d.env", i), Content: text})
	}
	for way, src := range map[string]scanner.Source{"probed": src, "edited": src.Edited(), "deltas": src.Deltas()} {
		t.Run(way, func(t *testing.T) {
			sourcetest.Run(t, builtin.Set(), 4, func(*testing.T) scanner.Source { return src })
		})
	}
}
