// Package documented knows the credentials that documentation prints: emulators'
// well-known keys, the test keys of standards, the sample tokens of API pages.
// They are on everybody's disk, in copies of the page, and tell nothing of who has
// them.
//
// Its promise: no such value stands in this tree. examples.txt has 8 bytes of each
// one's SHA-256, beside the page; another value has the same 8 bytes once in 10^17.
// Its limits: values as they stand on the page; who changes one is not known here.
package documented

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strings"
	"sync"
)

//go:embed examples.txt
var examples string

// pages by hash; read when the first value is asked for.
var pages = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(examples) {
		if hash, page, ok := strings.Cut(strings.TrimSpace(line), " "); ok && hash != "#" {
			all[hash] = page
		}
	}
	return all
})

// Page is the page that documents the value, "" if none that is known does.
func Page(value []byte) string {
	sum := sha256.Sum256(value)
	return pages()[hex.EncodeToString(sum[:8])]
}

// Pages is how many values are known, and of how many pages.
func Pages() (values, of int) {
	different := map[string]bool{}
	for _, page := range pages() {
		different[page] = true
	}
	return len(pages()), len(different)
}
