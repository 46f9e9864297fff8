// Package words makes the list of words by which the built-in rules are found,
// for programs that look for words: what they need for it is the floor for any
// scan with those rules.
package words

import (
	"os"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules/builtin"
)

// Write writes the words to a file, one a line, and tells how many there are and
// of how many rules. Of a word that spans lines it takes the longest line: grep's
// kind looks at lines.
func Write(file string) (words, rules int, err error) {
	set := builtin.Set()
	list := set.Literals()
	for i, w := range list {
		list[i] = slices.MaxFunc(strings.Split(w, "\n"), func(a, b string) int { return len(a) - len(b) })
	}
	return len(list), len(set.Rules()), os.WriteFile(file, []byte(strings.Join(list, "\n")+"\n"), 0o644)
}
