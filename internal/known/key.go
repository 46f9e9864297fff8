package known

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"github.com/oakum-sec/oakum/internal/keyfile"
)

var keyFiles = keyfile.Kind{Head: "oakum-known-key-1 ", Name: "the key of known secrets", Lost: "make a new index with another key"}

// Key is what all hashes of an index are made with, and what it is sealed with.
type Key struct {
	ID   string // tells keys apart and nothing else of them, 16 hex digits
	tag  []byte // HMAC key of tags
	seal cipher.AEAD
	mix  [6]uint64 // multipliers and masks of the fast hashes
}

// newKey derives what is needed from the key's bytes, each by a label of its own, as
// HKDF-Expand does (RFC 5869).
func newKey(secret []byte) (*Key, error) {
	derive := func(label string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte("oakum known " + label))
		return mac.Sum(nil)
	}
	block, err := aes.NewCipher(derive("seal"))
	if err != nil {
		return nil, err
	}
	k := &Key{ID: hex.EncodeToString(derive("id")[:8]), tag: derive("tag")}
	if k.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	words := append(derive("mix 1"), derive("mix 2")...)
	for i := range k.mix {
		k.mix[i] = binary.LittleEndian.Uint64(words[8*i:]) | 1 // multipliers are odd
	}
	return k, nil
}

// ReadKey reads a key file, and refuses one that others can read. The error is
// fs.ErrNotExist's where there is none.
func ReadKey(file string) (*Key, error) { return derived(keyFiles.Read(file)) }

// ReadMountedKey reads a key file that a platform put there, whatever its mode.
func ReadMountedKey(file string) (*Key, error) { return derived(keyFiles.ReadMounted(file)) }

// MakeKey writes a new key to file, for its owner alone. It never overwrites one.
func MakeKey(file string) (*Key, error) { return derived(keyFiles.Make(file)) }

func derived(secret []byte, err error) (*Key, error) {
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	return newKey(secret)
}

// tagSize is how much of an HMAC is kept: 128 bits can neither be guessed nor
// collide.
const tagSize = 16

// tagOf is what a value is recognised by in the end: HMAC-SHA-256, cut.
func (k *Key) tagOf(value []byte) (tag [tagSize]byte) {
	mac := hmac.New(sha256.New, k.tag)
	mac.Write(value)
	var sum [sha256.Size]byte
	copy(tag[:], mac.Sum(sum[:0]))
	return tag
}

// foldAll makes one case of a window's letters, so that hex needs one and not two.
const foldAll = 0x2020202020202020

// slot is the first hash: of eight bytes in either case. Its upper bits are good
// (multiply-shift, Dietzfelbinger et al. 1997).
func (k *Key) slot(window uint64) uint64 { return (window | foldAll ^ k.mix[0]) * k.mix[1] }

// print is the second hash, of 8 to 16 bytes: all of a short value, or the window of
// a longer one.
func (k *Key) print(b []byte) uint32 {
	return k.printOf(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:]), len(b))
}

// printOf is print of so many bytes whose first and last eight are given. Both are
// multiplied with each other, as wyhash does.
func (k *Key) printOf(first, last uint64, size int) uint32 {
	high, low := bits.Mul64(first^k.mix[2], last^k.mix[3]^uint64(size)*k.mix[4])
	return uint32((high ^ low) * k.mix[5] >> 32)
}
