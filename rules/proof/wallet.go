package proof

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak/bip39"
)

// parseMnemonic reads a recovery phrase (BIP 39): 12 to 24 words of a list, whose
// last one carries a checksum. The words may stand on lines, be numbered by
// commas, or be quoted one by one.
func parseMnemonic(value []byte) Result {
	words := strings.FieldsFunc(string(value), func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	different := map[string]bool{}
	for i, w := range words {
		words[i] = strings.ToLower(w)
		different[words[i]] = true
	}
	if _, ok := bip39.Check(words); !ok {
		return fails("not a phrase whose checksum holds")
	}
	if len(different) <= len(words)/3 { // chance repeats one word, not most of them
		return fails("words of an example")
	}
	return holds(fmt.Sprintf("%d words", len(words)))
}

// parseStellarSeed reads a Stellar account's secret seed (SEP 23): in base32 a
// version (18 << 3), 32 bytes, and their CRC-16/XMODEM with its low byte first.
func parseStellarSeed(value []byte) Result {
	raw, err := base32.StdEncoding.DecodeString(string(value))
	if err != nil || len(raw) != 35 || raw[0] != 18<<3 {
		return fails()
	}
	if binary.LittleEndian.Uint16(raw[33:]) != crc16(raw[:33]) {
		return fails("its checksum does not hold")
	}
	return holds()
}
