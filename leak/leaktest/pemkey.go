package leaktest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"text/template"
	"time"
)

// pemKeys are key files, without the newline at their end: {{pem "RSA"}}.
func pemKeys(d *dice) template.FuncMap {
	return template.FuncMap{"pem": d.pem, "cert": d.cert, "gcpServiceAccount": d.gcpServiceAccount}
}

// pem makes a private key file. The encrypted kinds have the right frame around
// bytes of chance: nobody knows their passphrase.
func (d *dice) pem(kind string) (string, error) {
	switch kind {
	case "RSA":
		return armor("RSA", nil, x509.MarshalPKCS1PrivateKey(d.rsaKey())), nil
	case "RSA-ENCRYPTED": // RFC 1421's header, as OpenSSL's traditional format has it
		head := map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC," + d.must(hexUpper, 32)}
		return armor("RSA", head, d.bytes(608)), nil
	case "EC":
		der, err := x509.MarshalECPrivateKey(d.ecKey())
		return armor("EC", nil, der), err
	case "DSA":
		der, err := d.dsaKey()
		return armor("DSA", nil, der), err
	case "PKCS8":
		return pkcs8(ed25519.NewKeyFromSeed(d.bytes(32)))
	case "PKCS8-RSA":
		return pkcs8(d.rsaKey())
	case "PKCS8-EC":
		return pkcs8(d.ecKey())
	case "PKCS8-ENCRYPTED":
		der, err := d.sealedPKCS8()
		return armor("ENCRYPTED", nil, der), err
	case "OPENSSH":
		return armor("OPENSSH", nil, d.openSSH()), nil
	case "OPENSSH-ENCRYPTED":
		return armor("OPENSSH", nil, d.sealedOpenSSH()), nil
	case "PGP":
		return d.pgp(), nil
	}
	return "", fmt.Errorf("pem: unknown kind %q", kind)
}

// armor is the PEM text (RFC 7468) of a private key.
func armor(what string, headers map[string]string, der []byte) string {
	label := strings.TrimSpace(what + " PRIVATE" + " KEY")
	block := &pem.Block{Type: label, Headers: headers, Bytes: der}
	return strings.TrimSuffix(string(pem.EncodeToMemory(block)), "\n")
}

func pkcs8(key any) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return armor("", nil, der), err
}

func (d *dice) ecKey() *ecdsa.PrivateKey {
	for {
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.bytes(32)); err == nil {
			return key
		}
	}
}

// rsaKey searches its primes itself: since Go 1.26 rsa.GenerateKey takes no
// chance but its own. Some 10 ms for 1,024 bits.
func (d *dice) rsaKey() *rsa.PrivateKey {
	const e = 65537
	one := big.NewInt(1)
	for {
		p, q := d.prime(512), d.prime(512)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		inverse := new(big.Int).ModInverse(big.NewInt(e), phi)
		if inverse == nil || p.Cmp(q) == 0 {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: e}, D: inverse, Primes: []*big.Int{p, q}}
		key.Precompute()
		return key
	}
}

// prime has its two highest bits set, so that two of them multiply to full length.
func (d *dice) prime(size int) *big.Int {
	p := new(big.Int).SetBytes(d.bytes(size / 8))
	p.SetBit(p, size-1, 1).SetBit(p, size-2, 1).SetBit(p, 0, 1)
	for two := big.NewInt(2); !p.ProbablyPrime(8); p.Add(p, two) {
	}
	return p
}

// dsaKey is OpenSSL's form: version, p, q, g, y, x. y = g^x mod p holds; that p is
// prime does not, which makes the key worthless and quick to make.
func (d *dice) dsaKey() ([]byte, error) {
	p, q := new(big.Int).SetBytes(d.bytes(128)), d.prime(160)
	p.SetBit(p, 1023, 1).SetBit(p, 0, 1)
	g := new(big.Int).SetBytes(d.bytes(127))
	x := new(big.Int).Mod(new(big.Int).SetBytes(d.bytes(24)), q)
	y := new(big.Int).Exp(g, x, p)
	return asn1.Marshal([]*big.Int{new(big.Int), p, q, g, y, x})
}

// sealedPKCS8 is RFC 8018's PBES2 (PBKDF2 with HMAC-SHA-256, AES-256-CBC).
func (d *dice) sealedPKCS8() ([]byte, error) {
	type kdfParams struct {
		Salt       []byte
		Iterations int
		PRF        pkix.AlgorithmIdentifier
	}
	type kdf struct {
		ID     asn1.ObjectIdentifier
		Params kdfParams
	}
	type cipher struct {
		ID asn1.ObjectIdentifier
		IV []byte
	}
	type scheme struct {
		ID     asn1.ObjectIdentifier
		Params struct {
			KDF    kdf
			Cipher cipher
		}
	}
	pbes2 := scheme{ID: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}}
	pbes2.Params.KDF = kdf{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, kdfParams{d.bytes(16), 2048,
		pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, Parameters: asn1.NullRawValue}}}
	pbes2.Params.Cipher = cipher{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, d.bytes(16)}
	return asn1.Marshal(struct {
		Scheme scheme
		Data   []byte
	}{pbes2, d.bytes(64)})
}

// cert is a public certificate: nothing secret, to be used where detectors must
// stay quiet.
func (d *dice) cert() (string, error) {
	key := ed25519.NewKeyFromSeed(d.bytes(32))
	subject := pkix.Name{CommonName: d.word() + ".example"}
	sheet := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(d.bytes(8)), Subject: subject,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(d, sheet, sheet, key.Public(), key)
	return strings.TrimSuffix(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), "\n"), err
}

// gcpServiceAccount is the JSON file that Google hands out for a service account.
func (d *dice) gcpServiceAccount() (string, error) {
	key, err := pkcs8(d.rsaKey())
	if err != nil {
		return "", err
	}
	project := d.word() + "-" + d.number(6)
	mail := d.word() + "@" + project + ".iam.gserviceaccount.com"
	file := struct {
		Type         string `json:"type"`
		ProjectID    string `json:"project_id"`
		PrivateKeyID string `json:"private_key_id"`
		PrivateKey   string `json:"private_key"`
		ClientEmail  string `json:"client_email"`
		ClientID     string `json:"client_id"`
		TokenURI     string `json:"token_uri"`
	}{"service_account", project, d.must(hexLower, 40), key + "\n", mail, d.number(21), "https://oauth2.googleapis.com/token"}
	out, err := json.MarshalIndent(file, "", "  ")
	return string(out), err
}
