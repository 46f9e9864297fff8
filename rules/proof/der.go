package proof

import (
	"crypto/ecdh"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// maxKeyBits bounds the numbers that are computed with: larger RSA keys than
// 16,384 bits are in nobody's use.
const maxKeyBits = 16384

// parseDER tries the forms that a private key's DER can have. They are told apart
// by their content, since people change the labels.
func parseDER(der []byte) Result {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(der, &outer)
	switch {
	case err != nil || outer.Tag != asn1.TagSequence:
		return fails("cut short or not a key")
	case len(rest) > 0:
		return unsure("more follows the key")
	}
	for _, form := range []func([]byte) (Result, bool){pkcs8, pkcs1, sec1, dsa, sealedPKCS8} {
		if result, ok := form(der); ok {
			return result
		}
	}
	return unsure("of an unknown kind")
}

// Object identifiers of key algorithms: RFC 8017, RFC 5480, RFC 8410, RFC 3279.
var keyAlgorithms = map[string]string{
	"1.2.840.113549.1.1.1": "RSA", "1.2.840.113549.1.1.10": "RSA-PSS", "1.2.840.10045.2.1": "EC", "1.2.840.10040.4.1": "DSA",
	"1.3.101.110": "X25519", "1.3.101.111": "X448", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",
	"1.2.840.113549.1.3.1": "DH", "2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65", "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}

// pkcs8 is RFC 5958's: version, algorithm, key, and optional attributes and public key.
func pkcs8(der []byte) (Result, bool) {
	var key struct {
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		PrivateKey []byte
		Attributes asn1.RawValue `asn1:"optional,tag:0"`
		Public     asn1.RawValue `asn1:"optional,tag:1"`
	}
	if _, err := asn1.Unmarshal(der, &key); err != nil {
		return Result{}, false
	}
	switch kind := keyAlgorithms[key.Algorithm.Algorithm.String()]; kind {
	case "":
		return unsure("of an unknown algorithm"), true
	case "RSA", "RSA-PSS":
		if result, ok := pkcs1(key.PrivateKey); ok {
			return result, true
		}
		return fails("its RSA key does not parse"), true
	case "EC":
		if result, ok := sec1(key.PrivateKey); ok {
			return result, true
		}
		return fails("its EC key does not parse"), true
	case "Ed25519", "X25519":
		var seed []byte
		if rest, err := asn1.Unmarshal(key.PrivateKey, &seed); err != nil || len(rest) > 0 || len(seed) != 32 {
			return fails("its key does not have 32 bytes"), true
		}
		return holds(kind), true
	default:
		return holds(kind), true
	}
}

// pkcs1 is RFC 8017's RSAPrivateKey. That the modulus is the product of the
// primes proves it.
func pkcs1(der []byte) (Result, bool) {
	var key struct {
		Version                    int
		N, E, D, P, Q, DP, DQ, Inv *big.Int
		More                       asn1.RawValue `asn1:"optional"` // of keys with more than two primes
	}
	if rest, err := asn1.Unmarshal(der, &key); err != nil || len(rest) > 0 {
		return Result{}, false
	}
	note := fmt.Sprintf("RSA %d", key.N.BitLen())
	switch {
	case key.Version != 0 || key.N.BitLen() > maxKeyBits || key.P.BitLen()+key.Q.BitLen() > maxKeyBits+8:
		return unsure(note), true
	case key.N.Cmp(new(big.Int).Mul(key.P, key.Q)) != 0:
		return fails("its primes do not make its modulus"), true
	}
	return holds(note), true
}

// curves by object identifier, with the size of a private key in bytes (SEC 2).
var curves = map[string]struct {
	name string
	size int
	std  ecdh.Curve
}{
	"1.2.840.10045.3.1.7": {"P-256", 32, ecdh.P256()}, "1.3.132.0.34": {"P-384", 48, ecdh.P384()}, "1.3.132.0.35": {"P-521", 66, ecdh.P521()},
	"1.3.132.0.10": {"secp256k1", 32, nil}, "1.3.132.0.33": {"P-224", 28, nil}, "1.2.840.10045.3.1.1": {"P-192", 24, nil},
}

// sec1 is RFC 5915's ECPrivateKey.
func sec1(der []byte) (Result, bool) {
	var key struct {
		Version    int
		PrivateKey []byte
		Curve      asn1.RawValue  `asn1:"optional,explicit,tag:0"`
		Public     asn1.BitString `asn1:"optional,explicit,tag:1"`
	}
	if rest, err := asn1.Unmarshal(der, &key); err != nil || len(rest) > 0 || key.Version != 1 {
		return Result{}, false
	}
	if n := len(key.PrivateKey); n < 16 || n > 72 {
		return fails("its EC key is too short or too long"), true
	}
	var id asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(key.Curve.Bytes, &id); err != nil {
		return holds("EC"), true // named by PKCS#8 around it, or by its parameters
	}
	curve, ok := curves[id.String()]
	if !ok {
		return holds("EC"), true
	}
	if curve.std != nil && len(key.PrivateKey) == curve.size {
		private, err := curve.std.NewPrivateKey(key.PrivateKey)
		if err != nil || len(key.Public.Bytes) > 0 && string(private.PublicKey().Bytes()) != string(key.Public.Bytes) {
			return unsure("EC " + curve.name), true // compressed points come here too
		}
	}
	return holds("EC " + curve.name), true
}

// dsa is OpenSSL's: 0, p, q, g, y, x with y = g^x mod p.
func dsa(der []byte) (Result, bool) {
	var key struct {
		Version       int
		P, Q, G, Y, X *big.Int
	}
	if rest, err := asn1.Unmarshal(der, &key); err != nil || len(rest) > 0 {
		return Result{}, false
	}
	note := fmt.Sprintf("DSA %d", key.P.BitLen())
	if key.P.BitLen() > 4096 || key.X.BitLen() > 512 || key.P.Sign() <= 0 || key.X.Sign() <= 0 || key.G.Sign() <= 0 {
		return unsure(note), true
	}
	if new(big.Int).Exp(key.G, key.X, key.P).Cmp(key.Y) != 0 {
		return fails("its public part is not its private part's"), true
	}
	return holds(note), true
}

// sealedPKCS8 is RFC 5958's EncryptedPrivateKeyInfo: a scheme and bytes.
func sealedPKCS8(der []byte) (Result, bool) {
	var key struct {
		Scheme pkix.AlgorithmIdentifier
		Data   []byte
	}
	if rest, err := asn1.Unmarshal(der, &key); err != nil || len(rest) > 0 {
		return Result{}, false
	}
	return holds().low("encrypted with a passphrase"), true
}
