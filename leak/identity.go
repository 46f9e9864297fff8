package leak

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
)

// VouchedBits is how much randomness a rule must guarantee before a hash of the
// value may be published: 96 bits cannot be guessed.
const VouchedBits = 96

// VouchedPrefix begins an id that is made of rule and value alone, wherever the
// value stands.
const VouchedPrefix = "v1."

// Identify gives the finding's ID, which is also its fingerprint in allow files
// and baselines. docs/design/001-identity.md has the reasons.
//
//   - "v1." + 32 hex digits, where vouched: SHA-256 of rule and value. It
//     follows the value wherever it goes.
//   - "p1." + 29 hex digits + "." + 3: SHA-256 of rule, file kind, key and
//     place (without line or commit), and a 12-bit check of the value, so that a
//     new value in the same place is a new finding. The check depends on the
//     value alone: seen in a thousand places it still tells those 12 bits only.
func Identify(rule string, value Secret, vouched bool, key string, place Place) string {
	if vouched {
		return VouchedPrefix + digest(32, "oakum value v1", rule, string(value.value()))
	}
	where := digest(29, "oakum place v1", rule, fileKind(place.Path()), key, lasting(place))
	return "p1." + where + "." + digest(3, "oakum check v1", string(value.value()))
}

// lasting is a place's identity without what a rebase changes: the id of the
// object whose message it is. Such a message has no place of its own then; name
// and value tell it from others.
func lasting(place Place) string {
	if m, ok := place.(GitMessage); ok {
		m.Object = ""
		return "message\x00" + m.What + m.identity()
	}
	return place.identity()
}

// digest is the first n hex digits of SHA-256 over the parts, each preceded by
// its length so that no two lists of parts run together.
func digest(n int, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		l := len(p)
		h.Write([]byte{byte(l >> 24), byte(l >> 16), byte(l >> 8), byte(l)})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))[:n]
}

// fileKind is a path's extension, or its whole name where that is what tells
// the kind (".env", "Dockerfile").
func fileKind(p string) string {
	name := path.Base(p)
	if ext := path.Ext(name); ext != "" && ext != name {
		return strings.ToLower(ext)
	}
	return strings.ToLower(name)
}
