package leaktest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"text/template"
)

// structured are tokens that decode to something their vendor documents.
func structured(d *dice) template.FuncMap {
	return template.FuncMap{
		"pypi":        func() string { return d.macaroon("pypi.org") },
		"testpypi":    func() string { return d.macaroon("test.pypi.org") },
		"jwt":         func() string { return d.jwt("HS256", 4102444800) },
		"jwtExpired":  func() string { return d.jwt("HS256", 1614816000) },
		"jwtAlg":      func(alg string) string { return d.jwt(alg, 4102444800) },
		"vault":       d.vault,
		"age":         d.age,
		"bech32":      d.bech32,
		"supabaseKey": d.supabaseKey,
		"nkey":        d.nkey,
		"discord":     d.discord,
	}
}

// macaroon is a PyPI token: a macaroon in the v2 binary format (libmacaroons,
// format-v2): packets of type, length, bytes; sections closed by a zero byte;
// location 1, identifier 2, signature 6.
func (d *dice) macaroon(location string) string {
	packet := func(kind byte, data string) string {
		return string([]byte{kind, byte(len(data))}) + data // all shorter than 128 bytes: the length is one byte
	}
	raw := "\x02" + packet(1, location) + packet(2, d.uuid()) + "\x00" +
		packet(2, fmt.Sprintf(`[3, "%s"]`, d.uuid())) + "\x00" + "\x00" + packet(6, string(d.bytes(32)))
	return "pypi-" + base64.RawURLEncoding.EncodeToString([]byte(raw))
}

// jwt is RFC 7519's compact form, signed by nobody; exp is a Unix time, and it was
// issued in March 2020. With alg "none" the signature is empty, as RFC 7519,
// section 6 has it.
func (d *dice) jwt(alg string, exp int64) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	head := part(fmt.Sprintf(`{"alg":"%s","typ":"JWT"}`, alg))
	payload := part(fmt.Sprintf(`{"iss":"https://auth.%s.example","sub":"%s","iat":%d,"exp":%d,"jti":"%s"}`,
		d.word(), d.must(digits, 10), 1583280000, exp, d.uuid()))
	if alg == "none" {
		return head + "." + payload + "."
	}
	return head + "." + payload + "." + base64.RawURLEncoding.EncodeToString(d.signature())
}

// signature is 32 bytes whose base64 looks random.
func (d *dice) signature() []byte {
	for {
		b := d.bytes(32)
		if looksRandom([]byte(base64.RawURLEncoding.EncodeToString(b)), base64URL) {
			return b
		}
	}
}

// vault tokens (Vault 1.10 and later): "hvs." is a protobuf of version 1, an
// HMAC of 32 bytes and the inner token; "hvb." is sealed data that begins with
// the barrier's key term and version; "s." and the like are the older form.
func (d *dice) vault(prefix string) string {
	switch prefix {
	case "hvs.":
		inner := "\x0a\x1chvs." + d.must(base62, 24) + "\x10" + string([]byte{0x80 | byte(d.IntN(128)), 1 + byte(d.IntN(100))})
		raw := "\x08\x01\x12\x20" + string(d.signature()) + "\x1a" + string([]byte{byte(len(inner))}) + inner
		return prefix + base64.RawURLEncoding.EncodeToString([]byte(raw))
	case "hvb.", "hvr.":
		return prefix + base64.RawURLEncoding.EncodeToString(append([]byte{0, 0, 0, 1, 2}, d.bytes(108)...))
	}
	return prefix + d.must(base62, 24)
}

// age is an X25519 identity, or with "pq" a hybrid one: 32 bytes in Bech32 (BIP
// 173), in capitals.
func (d *dice) age(kind ...string) string {
	hrp := "age-secret-key-"
	if len(kind) > 0 && kind[0] == "pq" {
		hrp += "pq-"
	}
	return strings.ToUpper(bech32Text(hrp, d.bytes(32)))
}

// nkey is a NATS seed (nats-io/nkeys, README): two bytes that say "seed" and of
// whom, 32 bytes, CRC-16/XMODEM with its low byte first, in base32. kind is "U"
// (user, the default), "A" (account), "O" (operator), "N" (server), "C" (cluster).
func (d *dice) nkey(kind ...string) (string, error) {
	who := append(kind, "U")[0]
	at := strings.Index(base32x, who)
	if len(who) != 1 || !strings.Contains("UAONCX", who) {
		return "", fmt.Errorf("nkey: unknown kind %q", who)
	}
	const seed = 18 << 3 // 'S'
	public := byte(at << 3)
	raw := append([]byte{seed | public>>5, public << 3}, d.bytes(32)...)
	raw = binary.LittleEndian.AppendUint16(raw, crc16(raw))
	return base32NoPadding(raw), nil
}

func crc16(b []byte) uint16 {
	var sum uint16
	for _, c := range b {
		sum ^= uint16(c) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			sum <<= 1
			if carry {
				sum ^= 0x1021
			}
		}
	}
	return sum
}

// discord bot tokens: the bot's id (a snowflake in decimal) in base64, 6
// characters of time, 38 of signature.
func (d *dice) discord() string {
	id := fmt.Sprint(uint64(d.Uint32N(1<<30)+1<<29)<<30 | uint64(d.Uint32N(1<<22)))
	return base64.RawURLEncoding.EncodeToString([]byte(id)) + "." + "G" + d.must(base64URL, 5) + "." + d.must(base64URL, 38)
}
