package dynamic

import (
	"crypto/rand"

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
