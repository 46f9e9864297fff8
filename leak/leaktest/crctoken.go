package leaktest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"text/template"
)

// Tokens that end in a CRC-32 (IEEE) of themselves, each vendor in a writing of
// its own. rules/proof verifies them with code written apart from this.
func crcTokens(d *dice) template.FuncMap {
	return template.FuncMap{
		"github":         d.github,
		"githubPAT":      func() string { return "github_pat_" + d.must(base62, 22) + "_" + d.must(base62, 59) },
		"npm":            func() string { return d.github("npm_") },
		"vercel":         d.vercel,
		"cloudflare":     d.cloudflare,
		"grafana":        d.grafana,
		"gitlab":         func(prefix string) string { return prefix + d.must(base64URL, 20) },
		"gitlabRoutable": d.gitlabRoutable,
		"atlassian":      d.atlassian,
		"confluent":      d.confluent,
		"zuplo":          d.zuplo,
		"sum62":          sum62,
	}
}

// sum62 is the CRC-32 in base 62, padded to 6 digits.
func sum62(s string) string {
	n := crc32.ChecksumIEEE([]byte(s))
	var out [6]byte
	for i := range out {
		out[5-i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

// github: 30 characters, whose sum follows (GitHub's blog of 2021-04-05, "Behind
// GitHub's new authentication token formats"). npm's are built alike.
func (d *dice) github(prefix string) string {
	body := d.must(base62, 30)
	return prefix + body + sum62(body)
}

// vercel: 50 characters and their sum.
func (d *dice) vercel(prefix string) string {
	body := d.must(base62, 50)
	return prefix + body + sum62(body)
}

// cloudflare: 40 characters and the sum in hex (token formats page of Cloudflare's API documentation, 2026-04).
func (d *dice) cloudflare(prefix string) string {
	body := d.must(base62, 40)
	return fmt.Sprintf("%s%s%08x", prefix, body, crc32.ChecksumIEEE([]byte(body)))
}

// grafana service account tokens: the sum covers the prefix and stands with its
// low byte first.
func (d *dice) grafana() string {
	body := "glsa_" + d.must(base62, 32)
	return fmt.Sprintf("%s_%x", body, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// zuplo: 32 characters, underscore, the sum in hex.
func (d *dice) zuplo(prefix string) string {
	body := d.must(base62, 32)
	return fmt.Sprintf("%s%s_%08x", prefix, body, crc32.ChecksumIEEE([]byte(body)))
}

// atlassian API tokens: 192 characters, the last 8 the sum of all before them,
// the "=" included, in capital hex.
func (d *dice) atlassian() string {
	body := "ATATT3xFfGF0" + d.must(base64URL, 171) + "="
	return fmt.Sprintf("%s%08X", body, crc32.ChecksumIEEE([]byte(body)))
}

// confluent Cloud secrets: 54 characters after the prefix, then the first 6
// characters of their sum in base64, low byte first.
func (d *dice) confluent() string {
	body := d.must(base64Std, 54)
	sum := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))
	return "cflt" + body + base64.StdEncoding.EncodeToString(sum)[:6]
}

// gitlabRoutable: payload, version, payload length and sum, the last two in base
// 36 (GitLab's design document on routable tokens). The payload names
// organization and user and ends in 16 random bytes and their number.
func (d *dice) gitlabRoutable(prefix string) string {
	routing := "o:" + base36(d.Uint32N(40_000)+1) + "\nu:" + base36(d.Uint32N(4_000_000)+1) + "\n"
	random := d.bytes(16)
	payload := base64.RawURLEncoding.EncodeToString(append(append([]byte(routing), random...), 16))
	body := fmt.Sprintf("%s%s.01.%s", prefix, payload, pad(base36(uint32(len(payload))), 2))
	return body + pad(base36(crc32.ChecksumIEEE([]byte(body))), 7)
}

func base36(n uint32) string { return strconv.FormatUint(uint64(n), 36) }

func pad(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }
