package proof

import (
	"encoding/binary"
	"strings"
)

// openSSHMagic opens OpenSSH's own format (openssh-portable, PROTOCOL.key).
const openSSHMagic = "openssh-key-v1\x00"

// sshFields is how many strings a key of the type has in its private part,
// before the comment (PROTOCOL.agent has the lists).
var sshFields = map[string]int{
	"ssh-ed25519": 2, "ssh-rsa": 6, "ssh-dss": 5,
	"ecdsa-sha2-nistp256": 3, "ecdsa-sha2-nistp384": 3, "ecdsa-sha2-nistp521": 3,
}

// parseOpenSSH reads what follows the magic: cipher, key derivation and its
// options, number of keys, public keys, private part. In an unencrypted private
// part two equal check numbers come first.
func parseOpenSSH(b []byte) Result {
	cipher, b, ok1 := sshString(b)
	kdf, b, ok2 := sshString(b)
	_, b, ok3 := sshString(b)
	if !ok1 || !ok2 || !ok3 || len(b) < 4 || binary.BigEndian.Uint32(b) != 1 { // OpenSSH writes and reads one key only
		return fails("cut short")
	}
	public, b, ok1 := sshString(b[4:])
	kind, _, ok2 := sshString(public)
	private, b, ok3 := sshString(b)
	if !ok1 || !ok2 || !ok3 || len(private) < 8 {
		return fails("cut short")
	}
	note := shown(string(kind))
	if string(cipher) != "none" {
		return holds(note).low("encrypted with a passphrase (" + shown(string(kdf)) + ")")
	}
	if string(private[:4]) != string(private[4:8]) || len(b) > 0 {
		return fails("its check numbers differ")
	}
	return sshPrivate(private[8:], string(kind), note)
}

func sshPrivate(b []byte, kind, note string) Result {
	inner, b, ok := sshString(b)
	if !ok || string(inner) != kind {
		return fails("its private part is another key's")
	}
	if strings.HasPrefix(kind, "sk-") {
		return holds(note).low("of use with its hardware key only")
	}
	fields, known := sshFields[kind]
	if !known {
		return unsure(note)
	}
	for range fields + 1 { // the comment is the last
		if _, b, ok = sshString(b); !ok {
			return fails("cut short")
		}
	}
	for i, c := range b { // filled up with 1, 2, 3, …
		if int(c) != i+1 {
			return fails("its padding is wrong")
		}
	}
	return holds(note)
}

// sshString takes a string off b: its length in 4 bytes, then itself (RFC 4251, section 5).
func sshString(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}
