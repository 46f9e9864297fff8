package proof

import (
	"bytes"
	"strings"
)

// parsePEM reads a private key: PKCS#1, PKCS#8 (plain or encrypted), SEC 1,
// OpenSSL's DSA, OpenSSH's own and OpenPGP's, however it is quoted or indented
// (see Extent). Public keys and certificates fail, and so does what is cut short.
func parsePEM(value []byte) Result {
	b, why := readBlock(value)
	switch {
	case !strings.Contains(b.label, "PRIVATE KEY"):
		return fails("not a private key")
	case why != "":
		return fails(why)
	case strings.HasPrefix(b.label, "PGP "):
		return parsePGP(b)
	case b.sealed:
		if len(b.data) < 32 { // headers and body on one line, which can't be told apart
			return unsure().low("encrypted with a passphrase")
		}
		if len(b.data)%8 != 0 { // the block size of DES; AES's is twice that
			return fails("cut short")
		}
		return holds().low("encrypted with a passphrase")
	case bytes.HasPrefix(b.data, []byte(openSSHMagic)):
		return parseOpenSSH(b.data[len(openSSHMagic):])
	case b.label == "OPENSSH PRIVATE KEY":
		return fails("not OpenSSH's format")
	}
	return parseDER(b.data)
}
