package sourcetest

import (
	"context"

	"github.com/oakum-sec/oakum/scanner"
)

// Edited is m as a source that probes each text as an edit of the one behind it,
// as a pack does whose deltas lead from the new to the old: both begin alike, and
// end alike.
func (m Memory) Edited() scanner.Narrowing { return edited{m, ends} }

// Deltas is Edited with copies as git's deltas have them: many, of any place of
// the other text, some of them twice.
func (m Memory) Deltas() scanner.Narrowing { return edited{m, blocks} }

type edited struct {
	Memory
	copies func(base, text []byte) []scanner.Copied
}

func (e edited) Narrow(ctx context.Context, n scanner.Narrower) error {
	return e.narrow(ctx, n, func(p *scanner.Probe, t, base Text, marks *scanner.Marks) *scanner.Marks {
		return p.Edited(marks, len(base.Content), t.Content, e.copies(base.Content, t.Content))
	})
}

// ends is what text shares with base at its begin and at its end.
func ends(base, text []byte) (out []scanner.Copied) {
	shorter := min(len(base), len(text))
	head := 0
	for head < shorter && base[head] == text[head] {
		head++
	}
	tail := 0
	for tail < shorter-head && base[len(base)-1-tail] == text[len(text)-1-tail] {
		tail++
	}
	if head > 0 {
		out = append(out, scanner.Copied{Len: head})
	}
	if tail > 0 {
		out = append(out, scanner.Copied{At: len(text) - tail, From: len(base) - tail, Len: tail})
	}
	return out
}

// blockSize is the step in which git's diff-delta.c indexes a base (RABIN_WINDOW).
const blockSize = 16

// blocks finds base's blocks in text and extends them to both sides.
func blocks(base, text []byte) (out []scanner.Copied) {
	index := map[string]int{}
	for i := 0; i+blockSize <= len(base); i += blockSize {
		index[string(base[i:i+blockSize])] = i
	}
	done := 0 // text[:done] is copied, or new
	for at := 0; at+blockSize <= len(text); {
		from, ok := index[string(text[at:at+blockSize])]
		if !ok {
			at++
			continue
		}
		for at > done && from > 0 && text[at-1] == base[from-1] {
			at, from = at-1, from-1
		}
		n := 0
		for at+n < len(text) && from+n < len(base) && text[at+n] == base[from+n] {
			n++
		}
		out = append(out, scanner.Copied{At: at, From: from, Len: n})
		at += n
		done = at
	}
	return out
}
