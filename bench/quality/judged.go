package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// judgement is what a person made of a finding.
type judgement int

const (
	isFalse  judgement = iota // no credential at all
	fixture                   // a credential in form, made for a test, an example, documentation, a default
	isReal                    // a credential that was in use, once or still
	unjudged                  // nobody has looked: counts as false
)

var judgements = map[string]judgement{"false": isFalse, "fixture": fixture, "real": isReal}

// readJudged reads lines of a finding's id, a judgement and, for people, a reason.
// An id is no value and no hash of one that could be guessed (docs/design/001).
func readJudged(file string) (map[string]judgement, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	known := map[string]judgement{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		j, ok := judgement(0), false
		if len(words) > 1 {
			j, ok = judgements[words[1]]
		}
		if !ok {
			return nil, fmt.Errorf("%s:%d: a line is an id and one of false, fixture, real", file, n)
		}
		known[words[0]] = j
	}
	return known, lines.Err()
}
