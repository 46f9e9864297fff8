package proof

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"strings"
)

// base58Digits leaves 0, O, I and l out, which look like others (Bitcoin's
// base58.h; draft-msporny-base58).
const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// maxBase58 is more than any key has: an extended one has 111 characters.
const maxBase58 = 128

// parseBase58Check reads keys of wallets: 4 bytes of double SHA-256 follow the
// content (Bitcoin wiki, "Base58Check encoding"). Known are the private keys of
// the wallet import format and BIP 32's extended private keys.
func parseBase58Check(value []byte) Result {
	raw, ok := decode58(value)
	if !ok || len(raw) < 8 {
		return fails()
	}
	body, sum := raw[:len(raw)-4], raw[len(raw)-4:]
	once := sha256.Sum256(body)
	if twice := sha256.Sum256(once[:]); !bytes.Equal(twice[:4], sum) {
		return fails("its checksum does not hold")
	}
	if len(body) == 78 {
		return extendedKey(body)
	}
	return importedKey(body)
}

// importedKey: a version, 32 bytes, and a 1 where the public key is compressed
// (Bitcoin wiki, "Wallet import format").
func importedKey(body []byte) Result {
	network, ok := map[byte]string{0x80: "main network", 0xef: "test network"}[body[0]]
	if !ok || len(body) != 33 && (len(body) != 34 || body[33] != 1) {
		return unsure("of an unknown kind")
	}
	if body[0] == 0xef {
		return holds().low("of the test network")
	}
	return holds(network)
}

// extendedKey: version, depth, parent, child number, chain code, and a key whose
// first byte is 0 where it is private (BIP 32, "Serialization format"). The
// versions of other kinds of addresses are SLIP 132's.
func extendedKey(body []byte) Result {
	if body[45] != 0 {
		return fails("a public key")
	}
	switch string(body[:4]) {
	case "\x04\x88\xad\xe4", "\x04\x9d\x78\x78", "\x04\xb2\x43\x0c", "\x02\x95\xb0\x05", "\x02\xaa\x7a\x99":
		if body[4] == 0 {
			return holds("master key")
		}
		return holds("derived key")
	case "\x04\x35\x83\x94", "\x04\x4a\x4e\x28", "\x04\x5f\x18\xbc", "\x02\x42\x85\xb5", "\x02\x57\x50\x48":
		return holds().low("of the test network")
	}
	return unsure("of an unknown network")
}

// decode58 reads digits as one number; each leading 1 is a zero byte.
func decode58(text []byte) ([]byte, bool) {
	if len(text) == 0 || len(text) > maxBase58 {
		return nil, false
	}
	n, base := new(big.Int), big.NewInt(58)
	for _, c := range text {
		digit := strings.IndexByte(base58Digits, c)
		if digit < 0 {
			return nil, false
		}
		n.Mul(n, base).Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(text) - len(bytes.TrimLeft(text, "1"))
	return append(make([]byte, zeros), n.Bytes()...), true
}
