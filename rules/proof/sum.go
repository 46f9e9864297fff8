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
	Algo     string // "crc32": IEEE 802.3's, as in zip
	Encoding string // one of Encodings
}

// Encodings of a 32-bit sum: "base62" (0-9A-Za-z, 6 digits), "base36" (0-9a-z, 7
// digits), "hex" and "HEX" (8 digits, high byte first), "hex-le" (low byte
// first), "base64-le" (low byte first, standard alphabet, as many of its 6
// characters as the token has, at least 4).
func Encodings() []string { return slices.Clone(encodings) }

var encodings = []string{"base62", "base36", "hex", "HEX", "hex-le", "base64-le"}

// Validate tells whether Verify knows the algorithm and the encoding.
func (s Sum) Validate() error {
	if s.Algo != "crc32" {
		return fmt.Errorf("unknown checksum algorithm %q (known: crc32)", s.Algo)
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
	return encode(crc32.ChecksumIEEE(of), s.Encoding, len(sum)) == string(sum), nil
}

// encode writes n; where an encoding may be cut short, to size characters.
func encode(n uint32, encoding string, size int) string {
	switch encoding {
	case "base62":
		return inBase62(n)
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

func inBase62(n uint32) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	out := []byte("000000") // 62⁶ > 2³²
	for i := len(out) - 1; n > 0; i-- {
		out[i] = digits[n%62]
		n /= 62
	}
	return string(out)
}
