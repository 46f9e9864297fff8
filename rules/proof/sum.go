package proof

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// Sum is a checksum that a token carries of another part of itself.
type Sum struct {
	Algo     string // one of Algos
	Encoding string // one of Encodings
	Seed     string // of "marvin32": 8 characters; else empty
}

// Algos of a 32-bit sum: "crc32", IEEE 802.3's, as in zip, and "marvin32",
// Microsoft's seeded hash, its two halves folded into one.
func Algos() []string { return slices.Clone(algos) }

var algos = []string{"crc32", "marvin32"}

// Encodings of a 32-bit sum: "base62" (0-9A-Za-z, 6 digits), "base62-lower"
// (0-9a-zA-Z, 6 digits), "base36" (0-9a-z, 7
// digits), "base66" (a-zA-Z1-90.-_~, 6 digits, of which the token has the first
// ones, at least 3), "hex" and "HEX" (8 digits, high byte first), "hex-le" (low
// byte first), "base64-le" (low byte first, standard alphabet, as many of its 6
// characters as the token has, at least 4).
func Encodings() []string { return slices.Clone(encodings) }

var encodings = []string{"base62", "base62-lower", "base36", "base66", "hex", "HEX", "hex-le", "base64-le"}

// Validate tells whether Verify knows the algorithm and the encoding.
func (s Sum) Validate() error {
	if !slices.Contains(algos, s.Algo) {
		return fmt.Errorf("unknown checksum algorithm %q (one of %s)", s.Algo, strings.Join(algos, ", "))
	}
	if seeded := s.Algo == "marvin32"; seeded && len(s.Seed) != 8 || !seeded && s.Seed != "" {
		return fmt.Errorf("seed: marvin32 has one of 8 characters, %s has none", algos[0])
	}
	if !slices.Contains(encodings, s.Encoding) {
		return fmt.Errorf("unknown checksum encoding %q (one of %s)", s.Encoding, strings.Join(encodings, ", "))
	}
	return nil
}

// Verify tells whether sum is the checksum of the bytes of. The error is
// Validate's.
func (s Sum) Verify(of, sum []byte) (bool, error) {
	if err := s.Validate(); err != nil {
		return false, err
	}
	n := crc32.ChecksumIEEE(of)
	if s.Algo == "marvin32" {
		n = marvin32(of, s.Seed)
	}
	return encode(n, s.Encoding, len(sum)) == string(sum), nil
}

// encode writes n; where an encoding may be cut short, to size characters.
func encode(n uint32, encoding string, size int) string {
	switch encoding {
	case "base62":
		return inDigits(n, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	case "base62-lower":
		return inDigits(n, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	case "base66":
		text := inDigits(n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~")
		return text[:min(len(text), max(size, 3))]
	case "base36":
		return fmt.Sprintf("%07s", strconv.FormatUint(uint64(n), 36))
	case "hex":
		return fmt.Sprintf("%08x", n)
	case "HEX":
		return fmt.Sprintf("%08X", n)
	case "hex-le":
		return fmt.Sprintf("%x", binary.LittleEndian.AppendUint32(nil, n))
	}
	text := base64.RawStdEncoding.EncodeToString(binary.LittleEndian.AppendUint32(nil, n))
	return text[:min(len(text), max(size, 4))]
}

// inDigits writes n in six of the digits, the first of which is zero: 62⁶ > 2³².
func inDigits(n uint32, digits string) string {
	base := uint32(len(digits))
	out := []byte(strings.Repeat(digits[:1], 6))
	for i := len(out) - 1; n > 0; i-- {
		out[i] = digits[n%base]
		n /= base
	}
	return string(out)
}
