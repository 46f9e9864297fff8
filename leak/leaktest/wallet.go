package leaktest

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"text/template"

	"github.com/oakum-sec/oakum/leak/bip39"
)

// wallets are keys of coins, and key files with a sum of their own.
func wallets(d *dice) template.FuncMap {
	return template.FuncMap{
		"mnemonic": d.mnemonic, "wif": d.wif, "xprv": d.xprv, "xpub": d.xpub, "stellar": d.stellar, "putty": d.putty, "fly": d.fly, "jfrog": d.jfrog,
	}
}

// mnemonic is a recovery phrase of so many words (BIP 39), 12 unless told otherwise.
func (d *dice) mnemonic(words ...int) (string, error) {
	n := append(words, 12)[0]
	if n < 12 || n > 24 || n%3 != 0 {
		return "", fmt.Errorf("mnemonic %d: a phrase has 12, 15, 18, 21 or 24 words", n)
	}
	return bip39.Phrase(d.bytes(n / 3 * 4)), nil
}

// wif is a key in the wallet import format: "main" or "test", for a compressed
// public key.
func (d *dice) wif(network string) (string, error) {
	version, ok := map[string]byte{"main": 0x80, "test": 0xef}[network]
	if !ok {
		return "", fmt.Errorf("wif: unknown network %q", network)
	}
	return base58Check(append(append([]byte{version}, d.bytes(32)...), 1)), nil
}

// xprv is a BIP 32 master key: {{xprv "xprv"}}, {{xprv "tprv"}}.
func (d *dice) xprv(kind string) (string, error) {
	version, ok := map[string]uint32{
		"xprv": 0x0488ade4, "yprv": 0x049d7878, "zprv": 0x04b2430c, "tprv": 0x04358394, "uprv": 0x044a4e28, "vprv": 0x045f18bc,
	}[kind]
	if !ok {
		return "", fmt.Errorf("xprv: unknown kind %q", kind)
	}
	raw := append(binary.BigEndian.AppendUint32(nil, version), make([]byte, 9)...)
	raw = append(append(raw, d.bytes(32)...), 0)
	return base58Check(append(raw, d.bytes(32)...)), nil
}

// xpub is a public one.
func (d *dice) xpub() string {
	raw := append([]byte{0x04, 0x88, 0xb2, 0x1e}, make([]byte, 9)...)
	raw = append(append(raw, d.bytes(32)...), 2)
	return base58Check(append(raw, d.bytes(32)...))
}

// base58Check appends four bytes of double SHA-256 and writes all in base 58.
func base58Check(body []byte) string {
	const digits58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	first := sha256.Sum256(body)
	second := sha256.Sum256(first[:])
	n, rest := new(big.Int).SetBytes(append(append([]byte(nil), body...), second[:4]...)), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, big.NewInt(58), rest)
		out = append([]byte{digits58[rest.Int64()]}, out...)
	}
	return string(out)
}

// stellar is an account's secret seed (SEP 23).
func (d *dice) stellar() string {
	raw := append([]byte{18 << 3}, d.bytes(32)...)
	return base32.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint16(raw, crc16(raw)))
}

// putty is an Ed25519 key file of version "2" or "3", without a passphrase unless
// a second word ("encrypted") is given (PuTTY's manual, appendix C).
func (d *dice) putty(version string, more ...string) string {
	encryption, comment := "none", d.word()
	if len(more) > 0 {
		encryption = "aes256-cbc"
	}
	part := func(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }
	public := part("ssh-ed25519") + part(string(d.bytes(32)))
	private := part(string(d.bytes(32)))
	covered := []byte(part("ssh-ed25519") + part(encryption) + part(comment) + part(public) + part(private))
	mac := hmac.New(sha256.New, nil)
	if version == "2" {
		key := sha1.Sum([]byte("putty-private-key-file-mac-key"))
		mac = hmac.New(sha1.New, key[:])
	}
	mac.Write(covered)
	return fmt.Sprintf("PuTTY-User-Key-File-%s: ssh-ed25519\nEncryption: %s\nComment: %s\nPublic-Lines: 2\n%s\nPrivate-Lines: 1\n%s\nPrivate-MAC: %x",
		version, encryption, comment, wrapped(public), wrapped(private), mac.Sum(nil))
}

// wrapped is base64 in lines of 64 characters.
func wrapped(s string) string {
	text := base64.StdEncoding.EncodeToString([]byte(s))
	var lines []string
	for ; len(text) > 64; text = text[64:] {
		lines = append(lines, text[:64])
	}
	return strings.Join(append(lines, text), "\n")
}

// fly is one of Fly.io's macaroons: in MessagePack a nonce, a location, a caveat
// (type 4: valid from, until) and a tail. until is a Unix time.
func (d *dice) fly(until uint32) string {
	bin := func(b []byte) []byte { return append([]byte{0xc4, byte(len(b))}, b...) }
	location := "https://api.fly.io/v1"
	raw := append([]byte{0x94, 0x93}, bin(d.bytes(16))...)
	raw = append(append(raw, bin(d.bytes(16))...), 0xc2)
	raw = append(append(raw, 0xa0|byte(len(location))), location...)
	raw = append(raw, 0x92, 4, 0x92, 0xce)
	raw = append(binary.BigEndian.AppendUint32(raw, 1583280000), 0xce)
	raw = binary.BigEndian.AppendUint32(raw, until)
	return "fm2_" + base64.StdEncoding.EncodeToString(append(raw, bin(d.signature())...))
}

// jfrog is a reference token, which ends at a Unix time of ten digits, or never: 0.
func (d *dice) jfrog(until int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "reftkn:01:%010d:%s", until, d.must(base62, 27)))
}
