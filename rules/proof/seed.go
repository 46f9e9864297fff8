package proof

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
)

// Key files' one-line relatives: seeds with a checksum.

// parseAge checks the Bech32 sum (BIP 173) of an age identity. They are written
// in capitals (age-encryption.org/v1); Bech32 allows small letters too, not both.
func parseAge(value []byte) Result {
	hrp, data, ok := bech32Parts(value)
	if !ok {
		return fails()
	}
	if string(hrp) != "age-secret-key-" && string(hrp) != "age-secret-key-pq-" {
		return fails()
	}
	if bech32(hrp, data) != bech32Holds {
		return fails()
	}
	return holds()
}

// bech32 is the remainder of BIP 173's checksum, 1 where it holds; 0 where a
// character is none of the alphabet's.
func bech32(hrp, data []byte) uint32 {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	step := func(v byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range generator {
			sum ^= g * (top >> i & 1)
		}
	}
	for _, c := range hrp {
		step(c >> 5)
	}
	step(0)
	for _, c := range hrp {
		step(c & 31)
	}
	for _, c := range data {
		v := bytes.IndexByte([]byte(alphabet), c)
		if v < 0 {
			return 0
		}
		step(byte(v))
	}
	return sum
}

// nkeyKinds are the second byte's upper five bits (github.com/nats-io/nkeys).
var nkeyKinds = map[byte]string{'A': "account", 'C': "cluster", 'N': "server", 'O': "operator", 'U': "user", 'X': "curve"}

// parseNKey checks a NATS seed: 2 bytes of kind, 32 of seed, and their
// CRC-16/XMODEM with its low byte first, in base32 without padding.
func parseNKey(value []byte) Result {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(value))
	if err != nil || len(raw) != 36 || value[0] != 'S' {
		return fails()
	}
	kind, ok := nkeyKinds[value[1]]
	if !ok || binary.LittleEndian.Uint16(raw[34:]) != crc16(raw[:34]) {
		return fails()
	}
	return holds("NATS " + kind + " seed")
}

// crc16 has the polynomial 0x1021 and begins with zero (XMODEM).
func crc16(b []byte) (sum uint16) {
	for _, c := range b {
		sum ^= uint16(c) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ 0x1021*carry
		}
	}
	return sum
}
