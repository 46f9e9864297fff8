// Package key is the user's key for remediation: 32 random bytes in the state folder
// (or in the file that OAKUM_KEY_FILE names), readable by their owner alone. They
// never stand in a repository, a plan or a report; a plan names the key's id.
//
// From it come, each under a label of its own (as HKDF-Expand does, RFC 5869): the
// tags by which plans and journals know a value, the MAC that keeps a plan and a
// journal from being changed by others, and the seal of what a rollback needs.
package key

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/internal/keyfile"
	"github.com/oakum-sec/oakum/leak"
)

var files = keyfile.Kind{Head: "oakum-key-1 ", Name: "the key", Lost: "make new plans"}

// Key makes tags, MACs and seals.
type Key struct {
	ID   string // tells keys apart and nothing else of them, 16 hex digits
	tag  []byte
	file []byte
	mac  []byte
	seal cipher.AEAD
}

// New derives a key's parts from its bytes.
func New(secret []byte) (*Key, error) {
	derive := func(label string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte("oakum remediate " + label))
		return mac.Sum(nil)
	}
	block, err := aes.NewCipher(derive("seal"))
	if err != nil {
		return nil, err
	}
	k := &Key{ID: hex.EncodeToString(derive("id")[:8]), tag: derive("tag"), file: derive("file"), mac: derive("mac")}
	k.seal, err = cipher.NewGCMWithRandomNonce(block)
	return k, err
}

// Tag is a value's name in plans and journals.
func (k *Key) Tag(value leak.Secret) string { return value.Tag(k.tag) }

// FileTag is a file content's name. It is no plain hash, which would let somebody who
// knows the rest of a file try out passwords.
func (k *Key) FileTag(content []byte) string { return sum(k.file, content) }

// MAC signs parts, each with its length before it.
func (k *Key) MAC(parts ...[]byte) string { return sum(k.mac, parts...) }

func sum(secret []byte, parts ...[]byte) string {
	mac := hmac.New(sha256.New, secret)
	for _, p := range parts {
		fmt.Fprintf(mac, "%d:", len(p))
		mac.Write(p)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Same compares two MACs or tags in constant time.
func Same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// Seal encrypts content; what it is about must be said again to open it.
func (k *Key) Seal(content []byte, about string) []byte {
	return k.seal.Seal(nil, nil, content, []byte(about))
}

// Unseal opens what Seal made.
func (k *Key) Unseal(sealed []byte, about string) ([]byte, error) {
	content, err := k.seal.Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return nil, errors.New("it was sealed with another key, or is damaged")
	}
	return content, nil
}

// Open reads the key in file, or makes one where there is none.
func Open(file string) (*Key, error) {
	secret, err := files.Open(file)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	return New(secret)
}
