package rulefile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/rules"
)

// maxMistakes are told of one file; a file of another format would give one a line.
const maxMistakes = 25

// joinMistakes sorts by place and makes one error of them, nil of none.
func joinMistakes(all []*rules.Mistake) error {
	slices.SortStableFunc(all, func(a, b *rules.Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for i, m := range all {
		if i == maxMistakes {
			errs = append(errs, &rules.Mistake{File: m.File, What: fmt.Sprintf("and %d more mistakes", len(all)-i)})
			break
		}
		errs = append(errs, m)
	}
	return errors.Join(errs...)
}

// nearest is the candidate that word was most likely meant to be: at most
// half of its letters away, and three; "" if there is none.
func nearest(word string, candidates []string) string {
	best, found := min(len(word)/2, 3)+1, ""
	for _, c := range candidates {
		if d := distance(word, c); d < best {
			best, found = d, c
		}
	}
	return found
}

// didYouMean is nearest as the end of a sentence.
func didYouMean(word string, candidates []string) string {
	if c := nearest(word, candidates); c != "" {
		return fmt.Sprintf("; did you mean %q?", c)
	}
	return ""
}

// distance counts the letters to put in, take out or change (Levenshtein).
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 { // no key or id is so long; the table would be
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
