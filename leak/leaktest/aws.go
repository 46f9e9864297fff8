package leaktest

import (
	"encoding/base32"
	"fmt"
	"strconv"
	"text/template"
)

func awsTokens(d *dice) template.FuncMap {
	return template.FuncMap{"awsID": d.awsID, "awsSecret": func() string { return d.must(base64Std, 40) }}
}

// awsID is an access key id: {{awsID "AKIA"}}, {{awsID "ASIA" "123456789012"}}.
// The 16 characters after the prefix are base32 of 10 bytes, which begin with
// one bit, 40 bits of account number, and chance. The first bit is set in the
// ids of today.
func (d *dice) awsID(prefix string, account ...string) (string, error) {
	number := 100_000_000_000 + d.Uint64N(900_000_000_000)
	if len(account) > 0 {
		n, err := strconv.ParseUint(account[0], 10, 64)
		if err != nil || n > 999_999_999_999 {
			return "", fmt.Errorf("awsID: an account number has 12 digits, not %q", account[0])
		}
		number = n
	}
	var id string
	for range 1000 {
		raw := d.bytes(10)
		head := 1<<47 | number<<7 | uint64(raw[5]&0x7f)
		for i := range 6 {
			raw[i] = byte(head >> (40 - 8*i))
		}
		if id = base32.StdEncoding.EncodeToString(raw); looksRandom([]byte(id), base32x) {
			break
		}
	}
	return prefix + id, nil
}

func base32NoPadding(b []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}
