// Package scram makes and compares what PostgreSQL keeps of a password (RFC 5802). Sent in
// the password's place, it lets nobody who reads the server's log log in.
package scram

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/secure/precis"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// rounds are PostgreSQL's own (scram_iterations). Passwords that we make have 130 bits and
// more: nobody finds one by trying.
const rounds = 4096

// mostRounds are tried to compare: a role can set its own verifier, with any number.
const mostRounds = 1 << 20

// Verifier is what PostgreSQL keeps of a password, in the form of RFC 5803 (as in
// src/common/scram-common.c).
func Verifier(password leak.Secret) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	return verifier(password, salt, rounds)
}

func verifier(password leak.Secret, salt []byte, rounds int) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, prepared(store.Plain(password)), salt, rounds, sha256.Size)
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

// prepared is a password as RFC 7677 has it hashed. What cannot be prepared is hashed as
// it is, as the server and its clients do.
func prepared(password string) string {
	if p, err := precis.OpaqueString.String(password); err == nil {
		return p
	}
	return password
}

// Holds tells whether what the server keeps for a user was made of a password.
func Holds(kept, user string, password leak.Secret) (bool, error) {
	if sum, ok := strings.CutPrefix(kept, "md5"); ok && len(sum) == 32 {
		want := md5.Sum([]byte(store.Plain(password) + user)) // how servers before version 14 kept them
		return same(sum, hex.EncodeToString(want[:])), nil
	}
	rest, ok := strings.CutPrefix(kept, "SCRAM-SHA-256$")
	params, _, found := strings.Cut(rest, "$")
	count, salt, parted := strings.Cut(params, ":")
	n, errCount := strconv.Atoi(count)
	b, errSalt := base64.StdEncoding.DecodeString(salt)
	if !ok || !found || !parted || errCount != nil || errSalt != nil || n < 1 || n > mostRounds {
		return false, nil // no password at all makes it
	}
	again, err := verifier(password, b, n)
	return same(kept, again), err
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
