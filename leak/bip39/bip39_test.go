package bip39

import (
	"slices"
	"strings"
	"testing"
)

// The list of the proposal is sorted, and no two words begin with the same four
// letters.
func TestList(t *testing.T) {
	words, heads := list(), map[string]bool{}
	for _, w := range words {
		heads[w[:min(4, len(w))]] = true
	}
	if len(words) != 2048 || len(heads) != 2048 || !slices.IsSorted(words) {
		t.Errorf("%d words, %d beginnings", len(words), len(heads))
	}
}

func TestCheck(t *testing.T) {
	for _, size := range []int{16, 20, 24, 28, 32} {
		entropy := make([]byte, size)
		for i := range entropy {
			entropy[i] = byte(i*37 + size)
		}
		words := strings.Fields(Phrase(entropy))
		if known, holds := Check(words); known != size/4*3 || !holds {
			t.Errorf("%d bytes: %d words, %v", size, known, holds)
		}
		held := 0
		for _, last := range list()[:64] {
			if _, holds := Check(append(slices.Clone(words[:len(words)-1]), last)); holds {
				held++
			}
		}
		if held > 16 {
			t.Errorf("%d bytes: %d of 64 last words hold", size, held)
		}
	}
	if known, holds := Check(strings.Fields("zoo abandon xyzzy")); known != 2 || holds {
		t.Errorf("%d words, %v", known, holds)
	}
}
