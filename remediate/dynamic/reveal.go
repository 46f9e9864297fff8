package dynamic

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
)

// fresh is a password of 130 bits, in letters and digits that mean nothing in a URL or
// in a statement.
func fresh() leak.Secret { return leak.NewSecret([]byte(rand.Text())) }

// text is a password as a driver and Vault's client take it.
func text(s leak.Secret) (out string) {
	s.Reveal(func(b []byte) error { out = string(b); return nil })
	return out
}

// verifier is what PostgreSQL keeps of a password (RFC 5802; src/common/scram-common.c):
// sent in the password's place, it lets nobody who reads the server's log log in.
func verifier(s leak.Secret) (string, error) {
	const rounds = 4096 // PostgreSQL's
	salt := make([]byte, 16)
	rand.Read(salt)
	salted, err := pbkdf2.Key(sha256.New, text(s), salt, rounds, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(word string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(word))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", rounds, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}
