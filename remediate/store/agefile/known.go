package agefile

import (
	"crypto/sha256"
	"sync"
)

type sum = [sha256.Size]byte

// known is what this process has seen last of a file, so that a migration which stores
// thousands of values does not take the whole file apart for each. The bytes of the file
// are read each time, and decide: a file with the bytes that were opened last is not
// opened again, and one that opens to the text that was written last is not parsed
// again. What was written counts as stored only once it was read and opened: wrote
// knows no bytes of a file.
type known struct {
	mu            sync.Mutex
	sealed, plain sum
	content       *content // of plain; only looked at
}

// wrote: this text is what c is written as.
func (k *known) wrote(plain []byte, c *content) { k.set(sum{}, plain, c) }

// is: a file of these bytes was opened to this text.
func (k *known) is(sealed, plain []byte, c *content) { k.set(sha256.Sum256(sealed), plain, c) }

func (k *known) set(sealed sum, plain []byte, c *content) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sealed, k.plain, k.content = sealed, sha256.Sum256(plain), c
}

// opened is the content of a file that was opened already, else nil.
func (k *known) opened(sealed []byte) *content {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.content == nil || k.sealed != sha256.Sum256(sealed) {
		return nil
	}
	return k.content
}

// holds is the content that was written as this text, else nil.
func (k *known) holds(plain []byte) *content {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.content == nil || k.plain != sha256.Sum256(plain) {
		return nil
	}
	return k.content
}
