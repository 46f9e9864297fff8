package proof

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
)

// putty is a PuTTY private key file taken apart (PuTTY's manual, appendix C).
type putty struct {
	version, algorithm, encryption, comment string
	public, private                         []byte
	mac                                     string
}

// parsePuTTY verifies the MAC of a key that has no passphrase: it is keyed with
// the passphrase, and so with nothing. Under a passphrase only the frame is read.
func parsePuTTY(value []byte) Result {
	key, ok := readPuTTY(escapes.Replace(string(value)))
	switch {
	case !ok:
		return fails("cut short")
	case key.encryption != "none":
		return holds(notEmpty(shown(key.algorithm))...).low("encrypted with a passphrase")
	case !key.sealed():
		return fails("its MAC does not hold")
	}
	return published(holds(notEmpty(shown(key.algorithm))...), key.private)
}

// readPuTTY reads "name: value" lines; the two that end in "-Lines" say how many
// lines of base64 follow.
func readPuTTY(text string) (key putty, ok bool) {
	lines := strings.Split(text, "\n")
	for len(lines) > 0 {
		name, value, isHeader := strings.Cut(strings.TrimSpace(lines[0]), ": ")
		lines = lines[1:]
		if !isHeader {
			continue
		}
		switch name {
		case "PuTTY-User-Key-File-2", "PuTTY-User-Key-File-3":
			key.version, key.algorithm = name[len(name)-1:], value
		case "Encryption":
			key.encryption = value
		case "Comment":
			key.comment = value
		case "Public-Lines":
			key.public, lines = puttyBody(value, lines)
		case "Private-Lines":
			key.private, lines = puttyBody(value, lines)
		case "Private-MAC":
			key.mac = value
		}
	}
	return key, key.version != "" && key.encryption != "" && len(key.public) > 0 && len(key.private) > 0 && key.mac != ""
}

// maxPuTTYLines of 64 characters hold a private part of 16,384 bits.
const maxPuTTYLines = 200

// puttyBody decodes so many lines; it gives nil where they are fewer, or no base64.
func puttyBody(count string, lines []string) (body []byte, rest []string) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > min(maxPuTTYLines, len(lines)) {
		return nil, lines
	}
	var text strings.Builder
	for _, line := range lines[:n] {
		text.WriteString(strings.TrimSpace(line))
	}
	body, err = base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		return nil, lines
	}
	return body, lines[n:]
}

// sealed tells whether the MAC holds: over algorithm, encryption, comment, public
// and private part, each behind its length in 4 bytes.
func (k *putty) sealed() bool {
	var mac hash.Hash
	if k.version == "2" {
		seed := sha1.Sum([]byte("putty-private-key-file-mac-key"))
		mac = hmac.New(sha1.New, seed[:])
	} else {
		mac = hmac.New(sha256.New, nil)
	}
	for _, part := range [][]byte{[]byte(k.algorithm), []byte(k.encryption), []byte(k.comment), k.public, k.private} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write(part)
	}
	want, err := hex.DecodeString(k.mac)
	return err == nil && hmac.Equal(mac.Sum(nil), want)
}

// puttyExtent finds the end of the MAC's line, which closes the file.
func puttyExtent(text []byte, start, headEnd int) (end int, ok bool) {
	limit := min(len(text), start+maxExtent)
	const last = "Private-MAC: "
	i := bytes.Index(text[headEnd:limit], []byte(last))
	if i < 0 || bytes.Contains(text[headEnd:headEnd+i], []byte("PuTTY-User-Key-File-")) {
		return headEnd, false
	}
	end = headEnd + i + len(last)
	for end < limit && isHex(text[end]) {
		end++
	}
	return end, true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
