package leak

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every printer shows in a Secret's place.
const Redacted = "[redacted]"

// Secret holds a value that must not be shown. It is a closure, not a string:
// reflection, which fmt and most encoders use, sees a func and has nothing to
// print. The methods below make those that ask first (Stringer, Marshaler, …)
// say [Redacted] in place of a func's address.
//
// The zero Secret holds no value.
type Secret struct{ reveal func() []byte }

// NewSecret takes a copy of value, so that a scan buffer can be used again.
func NewSecret(value []byte) Secret {
	held := bytes.Clone(value)
	return Secret{func() []byte { return held }}
}

// Reveal lends the value to use, which must not keep it: what it is handed is a
// copy that is wiped when it returns. The error is use's. Calls of Reveal are
// few; a test lists the files that may hold one.
func (s Secret) Reveal(use func(value []byte) error) error {
	lent := bytes.Clone(s.value())
	defer clear(lent)
	return use(lent)
}

// IsZero tells whether s holds no value, or an empty one.
func (s Secret) IsZero() bool { return len(s.value()) == 0 }

// Len is the value's length in bytes.
func (s Secret) Len() int { return len(s.value()) }

// Equal compares in a time that depends on the lengths only.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare(s.value(), t.value()) == 1
}

// Tag identifies the value in plans and journals: HMAC-SHA-256 under key, in 64
// hex digits. Without the key (32 random bytes that never leave the user's
// state folder) a tag cannot be used to try out guesses.
func (s Secret) Tag(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(s.value())
	return hex.EncodeToString(mac.Sum(nil))
}

func (s Secret) value() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// What follows answers printers that ask a value how to print it.

var errNoSecretIn = errors.New("leak: a secret is never read from a document; open its place again")

func (s Secret) String() string                 { return Redacted }
func (s Secret) GoString() string               { return Redacted }
func (s Secret) Format(f fmt.State, _ rune)     { io.WriteString(f, Redacted) }
func (s Secret) LogValue() slog.Value           { return slog.StringValue(Redacted) }
func (s Secret) MarshalText() ([]byte, error)   { return []byte(Redacted), nil }
func (s Secret) MarshalJSON() ([]byte, error)   { return []byte(`"` + Redacted + `"`), nil }
func (s Secret) MarshalYAML() (any, error)      { return Redacted, nil }
func (s Secret) MarshalBinary() ([]byte, error) { return []byte(Redacted), nil }
func (s Secret) GobEncode() ([]byte, error)     { return []byte(Redacted), nil }
func (s *Secret) GobDecode([]byte) error        { return errNoSecretIn }

// MarshalXML also covers what MarshalText would not: an attribute-less element.
func (s Secret) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(Redacted, start)
}
