package proof

import (
	"encoding/base64"
	"encoding/binary"
)

// parsePGP reads an armored OpenPGP key (RFC 4880, RFC 9580): its CRC-24, where
// there is one, and its first packet, which must be a secret key.
func parsePGP(b block) Result {
	if b.sum != "" {
		sum, err := base64.StdEncoding.DecodeString(b.sum)
		if err != nil || len(sum) != 3 || uint32(sum[0])<<16|uint32(sum[1])<<8|uint32(sum[2]) != crc24(b.data) {
			return fails("its checksum does not hold")
		}
	}
	const secretKey = 5
	tag, body, ok := pgpPacket(b.data)
	switch {
	case !ok:
		return fails("cut short")
	case tag != secretKey:
		return fails("not a secret key")
	}
	return pgpSecret(body)
}

// pgpPacket reads the first packet's header (RFC 9580, section 4.2) and gives its body.
func pgpPacket(b []byte) (tag byte, body []byte, ok bool) {
	if len(b) < 6 || b[0]&0x80 == 0 {
		return 0, nil, false
	}
	var size, head int
	if b[0]&0x40 != 0 { // the newer format
		tag = b[0] & 0x3f
		switch first := int(b[1]); {
		case first < 192:
			size, head = first, 2
		case first < 224:
			size, head = (first-192)<<8+int(b[2])+192, 3
		case first == 255:
			size, head = int(binary.BigEndian.Uint32(b[2:])), 6
		}
	} else {
		tag = b[0] >> 2 & 15
		switch b[0] & 3 {
		case 0:
			size, head = int(b[1]), 2
		case 1:
			size, head = int(binary.BigEndian.Uint16(b[1:])), 3
		case 2:
			size, head = int(binary.BigEndian.Uint32(b[1:])), 5
		}
	}
	if head == 0 || size < 0 || size > len(b)-head {
		return 0, nil, false
	}
	return tag, b[head : head+size], true
}

// pgpNumbers is how many multiprecision integers the public part has, by
// algorithm: RSA, Elgamal, DSA, ECDH, ECDSA, EdDSA.
var pgpNumbers = map[byte]int{1: 2, 2: 2, 3: 2, 16: 3, 17: 4, 18: 1, 19: 1, 22: 1}

// pgpSecret walks a version 4 key over its public part to the byte that tells how the secret
// part is protected (RFC 4880, section 5.5.3). Other versions are Unsure.
func pgpSecret(body []byte) Result {
	if len(body) < 7 || body[0] != 4 {
		return unsure("OpenPGP")
	}
	algorithm, b := body[5], body[6:]
	numbers, known := pgpNumbers[algorithm]
	if !known {
		return unsure("OpenPGP")
	}
	ok := true
	if algorithm == 18 || algorithm == 19 || algorithm == 22 { // a curve's identifier, its length before it
		b, ok = skip(b)
	}
	for range numbers {
		if b, ok = skipNumber(b, ok); !ok {
			return fails("cut short")
		}
	}
	if algorithm == 18 { // parameters of the key derivation
		b, ok = skip(b)
	}
	if !ok || len(b) == 0 {
		return fails("cut short")
	}
	return pgpProtection(b)
}

// pgpProtection tells by the secret part's first bytes whether it is encrypted.
func pgpProtection(b []byte) Result {
	const gnu = 101 // GnuPG's own way to say that the secret is elsewhere (gnupg, doc/DETAILS)
	switch {
	case b[0] == 0:
		if _, ok := skipNumber(b[1:], true); !ok {
			return fails("cut short")
		}
		return holds("OpenPGP")
	case b[0] >= 253 && len(b) > 2 && b[2] == gnu:
		return holds("OpenPGP").low("a stub: the secret part is elsewhere")
	}
	return holds("OpenPGP").low("encrypted with a passphrase")
}

// skip passes over a length of one byte and as many bytes more.
func skip(b []byte) ([]byte, bool) {
	if len(b) == 0 || len(b)-1 < int(b[0]) {
		return nil, false
	}
	return b[1+int(b[0]):], true
}

// skipNumber passes over a multiprecision integer: its length in bits, in 2 bytes, and its bytes.
func skipNumber(b []byte, ok bool) ([]byte, bool) {
	if !ok || len(b) < 2 {
		return nil, false
	}
	size := (int(binary.BigEndian.Uint16(b)) + 7) / 8
	if size > len(b)-2 {
		return nil, false
	}
	return b[2+size:], true
}

// crc24 is RFC 4880's, section 6.1.
func crc24(b []byte) uint32 {
	sum := uint32(0xb704ce)
	for _, c := range b {
		sum ^= uint32(c) << 16
		for range 8 {
			sum <<= 1
			if sum&(1<<24) != 0 {
				sum ^= 0x1864cfb
			}
		}
	}
	return sum
}
