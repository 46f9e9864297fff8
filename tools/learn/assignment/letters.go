package main

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules/assign/letters"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// seed is where all that is made up comes from.
const seed = 20261124

// drawn is how many values of each random sort are made.
const drawn = 20_000

// learnLetters counts which characters follow each other in each sort of value.
func learnLetters(train []rows.Row) []byte {
	var n letters.Counts
	v := vocabularyOf(train)
	for _, w := range v.identifiers {
		n.Add(letters.Identifier, []byte(w), 1)
	}
	for i, w := range v.words {
		n.Add(letters.Words, []byte(w), 1)
		n.Add(letters.Words, []byte(title(w)), 0.3)
		n.Add(letters.Words, []byte(strings.ToUpper(w)), 0.1)
		n.Add(letters.Words, []byte(w+" "+v.words[(i*7919)%len(v.words)]), 0.3)
	}
	m := maker{rand.New(rand.NewPCG(seed, 1)), v.common}
	for range drawn {
		n.Add(letters.Password, []byte(m.password()), 1)
		n.Add(letters.Random, []byte(m.random()), 1)
		n.Add(letters.Hex, []byte(m.hex()), 1)
		n.Add(letters.Base64, []byte(m.base64()), 1)
	}
	return n.Model()
}

// vocabulary is what the rows' text is made of.
type vocabulary struct {
	identifiers []string // as they stand
	words       []string // their parts, in lower case
	common      []string // those of 3 to 9 letters that five repositories and more use
}

var (
	identifier = regexp.MustCompile(`[A-Za-z_$][A-Za-z0-9_]*(?:[.-][A-Za-z_][A-Za-z0-9_]*)*`)
	part       = regexp.MustCompile(`[A-Z]+[a-z]+|[a-z]+|[A-Z]{2,}`)
	drawnRun   = regexp.MustCompile(`[0-9][A-Za-z]+[0-9]|[a-z][A-Z][a-z][A-Z]`)
)

// vocabularyOf collects the words and identifiers of all lines, each once, labelled
// values left out.
func vocabularyOf(train []rows.Row) (v vocabulary) {
	whole, parts := map[string]bool{}, map[string]map[int]bool{}
	for i := range train {
		r := &train[i]
		text, from, to := r.Text()
		if r.Start >= 0 {
			text = bytes.Join([][]byte{text[:from], text[to:]}, []byte(" "))
		}
		for _, id := range identifier.FindAll(text, -1) {
			if len(id) < 3 || len(id) > 40 || drawnRun.Match(id) {
				continue
			}
			whole[string(id)] = true
			for _, p := range part.FindAll(id, -1) {
				w := strings.ToLower(string(p))
				if len(w) < 3 {
					continue
				}
				if parts[w] == nil {
					parts[w] = map[int]bool{}
				}
				parts[w][r.Repo] = true
			}
		}
	}
	v.identifiers = sorted(whole, func(string) bool { return true })
	v.words = sorted(parts, func(w string) bool { return len(parts[w]) >= 2 })
	v.common = sorted(parts, func(w string) bool { return len(parts[w]) >= 5 && len(w) <= 9 })
	return v
}

func sorted[V any](m map[string]V, keep func(string) bool) []string {
	var out []string
	for k := range m {
		if keep(k) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}
