package leaktest

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// openSSHMagic opens the format of OpenSSH's PROTOCOL.key.
const openSSHMagic = "openssh-key-v1\x00"

// wire writes SSH's string: its length in 4 bytes, then itself.
func wire(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return string(b)
}

// openSSH is an Ed25519 key without a passphrase.
func (d *dice) openSSH() []byte {
	key := ed25519.NewKeyFromSeed(d.bytes(32))
	public := string(key.Public().(ed25519.PublicKey))
	check := string(d.bytes(4))
	private := check + check + wire("ssh-ed25519", public, string(key), d.word()+"@"+d.word())
	for i := byte(1); len(private)%8 != 0; i++ {
		private += string([]byte{i})
	}
	return []byte(openSSHMagic + wire("none", "none", "") + "\x00\x00\x00\x01" + wire(wire("ssh-ed25519", public), private))
}

// sealedOpenSSH names bcrypt and AES-256-CTR; what they would seal is chance.
func (d *dice) sealedOpenSSH() []byte {
	public := string(ed25519.NewKeyFromSeed(d.bytes(32)).Public().(ed25519.PublicKey))
	options := wire(string(d.bytes(16))) + "\x00\x00\x00\x10"
	return []byte(openSSHMagic + wire("aes256-ctr", "bcrypt", options) + "\x00\x00\x00\x01" +
		wire(wire("ssh-ed25519", public), string(d.bytes(144))))
}

// pgp is an armored OpenPGP secret key (RFC 4880): a version 4 secret-key packet
// for Ed25519 without a passphrase, and a user id.
func (d *dice) pgp() string {
	key := ed25519.NewKeyFromSeed(d.bytes(32))
	mpi := func(b []byte) []byte { // length in bits, then the number
		for len(b) > 0 && b[0] == 0 {
			b = b[1:]
		}
		n := len(b) * 8
		for mask := byte(0x80); len(b) > 0 && b[0]&mask == 0; mask >>= 1 {
			n--
		}
		return append([]byte{byte(n >> 8), byte(n)}, b...)
	}
	oid := []byte{0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01} // 1.3.6.1.4.1.11591.15.1
	body := append([]byte{4, 0x68, 0, 0, 0, 22, byte(len(oid))}, oid...)
	body = append(body, mpi(append([]byte{0x40}, key.Public().(ed25519.PublicKey)...))...)
	secret := mpi(key.Seed())
	var sum uint16
	for _, b := range secret {
		sum += uint16(b)
	}
	body = binary.BigEndian.AppendUint16(append(append(body, 0), secret...), sum)
	name := d.word() + " <" + d.word() + "@mail.example>"
	packets := append([]byte{0xc0 | 5, byte(len(body))}, body...)
	packets = append(append(packets, 0xc0|13, byte(len(name))), name...)
	return armorPGP(packets)
}

func armorPGP(packets []byte) string {
	text := base64.StdEncoding.EncodeToString(packets)
	var lines strings.Builder
	for len(text) > 64 {
		lines.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	sum := crc24(packets)
	check := base64.StdEncoding.EncodeToString([]byte{byte(sum >> 16), byte(sum >> 8), byte(sum)})
	label := " PGP PRIVATE" + " KEY BLOCK-----"
	return "-----BEGIN" + label + "\n\n" + lines.String() + text + "\n=" + check + "\n-----END" + label
}

// crc24 is RFC 4880's, section 6.1.
func crc24(b []byte) uint32 {
	sum := uint32(0xb704ce)
	for _, c := range b {
		sum ^= uint32(c) << 16
		for range 8 {
			if sum <<= 1; sum&0x1000000 != 0 {
				sum ^= 0x1864cfb
			}
		}
	}
	return sum
}
