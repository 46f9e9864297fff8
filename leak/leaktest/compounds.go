package leaktest

import (
	"fmt"
	"hash/crc32"
	"text/template"
)

// compounds are tokens of several parts whose last is a checksum of the others.
func compounds(d *dice) template.FuncMap {
	return template.FuncMap{"canva": d.canva, "cashfree": d.cashfree, "lowerSum": d.lowerSum}
}

// canva is a client secret: prefix, 43 characters, and the CRC-32 of all of
// them in hexadecimal.
func (d *dice) canva() string {
	body := "cnvca" + d.must(base64URL, 43)
	return fmt.Sprintf("%s%08x", body, crc32.ChecksumIEEE([]byte(body)))
}

// cashfree is {{cashfree "cfsk_ma_prod_"}}: 32 hex digits, and the CRC-32 of
// those digits.
func (d *dice) cashfree(prefix string) string {
	body := d.must(hexLower, 32)
	return fmt.Sprintf("%s%s_%08x", prefix, body, crc32.ChecksumIEEE([]byte(body)))
}

// lowerSum is {{lowerSum "apify_api_"}}: 30 characters, and the CRC-32 of
// prefix and characters in base 62, small letters before capitals.
func (d *dice) lowerSum(prefix string) string {
	const digits62 = digits + lower + upper
	body := prefix + d.must(base62, 30)
	sum := []byte("000000")
	for i, n := 5, crc32.ChecksumIEEE([]byte(body)); n > 0; i, n = i-1, n/62 {
		sum[i] = digits62[n%62]
	}
	return body + string(sum)
}
