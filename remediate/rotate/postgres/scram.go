package postgres

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

// rounds are PostgreSQL's own (scram_iterations). The password has more than 180 bits:
// nobody finds it by trying.
const rounds = 4096

// mostRounds are tried to compare: a role can set its own verifier, with any number.
const mostRounds = 1 << 20

// verifier is what PostgreSQL keeps of a password, in the form of RFC 5803 (as in
// src/common/scram-common.c).
func verifier(password leak.Secret) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	return scram(password, salt, rounds)
}

func scram(password leak.Secret, salt []byte, rounds int) (string, error) {
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

// holds tells whether what the server keeps for a user was made of a password.
func holds(kept, user string, password leak.Secret) (bool, error) {
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
	again, err := scram(password, b, n)
	return same(kept, again), err
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
