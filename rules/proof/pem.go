package proof

import (
	"bytes"
	"strings"

	"github.com/oakum-sec/oakum/rules/internal/documented"
)

// parsePEM reads a private key: PKCS#1, PKCS#8 (plain or encrypted), SEC 1,
// OpenSSL's DSA, OpenSSH's own and OpenPGP's, however it is quoted or indented
// (see Extent). Public keys and certificates fail, and so does what is cut short.
//
// The test keys of standards and tools (RFC 9500, Vagrant) say so in a note, see
// Published: everybody has them.
func parsePEM(value []byte) Result {
	b, why := readBlock(value)
	return published(parseBlock(b, why), b.data)
}

// Published begins the note on a key that documentation prints. Rules takes it
// for an example.
const Published = "a key for tests, published at "

// published lowers a key that documentation prints. data is what its base64
// decodes to; of PuTTY's files that of the private part.
func published(result Result, data []byte) Result {
	if page := documented.Page(data); result.Verdict != Fails && page != "" {
		return result.low(Published + page)
	}
	return result
}

func parseBlock(b block, why string) Result {
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
