package leaktest

import (
	"fmt"
	"strings"
)

// bech32 is n random bytes behind a prefix, with the checksum of BIP 173:
// {{bech32 "nsec" 32}}.
func (d *dice) bech32(hrp string, n int) (string, error) {
	if n < 1 || n > 200 {
		return "", fmt.Errorf("bech32 %q %d: ask for 1 to 200 bytes", hrp, n)
	}
	return bech32Text(hrp, d.bytes(n)), nil
}

// bech32Text appends six characters of checksum.
func bech32Text(hrp string, raw []byte) string {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	values := fives(raw)
	sum := bech32Sum(hrp, append(values[:len(values):len(values)], 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		values = append(values, byte(sum>>(5*(5-i))&31))
	}
	var out strings.Builder
	for _, v := range values {
		out.WriteByte(alphabet[v])
	}
	return hrp + "1" + out.String()
}

// fives regroups bytes into five bits each, the last filled up with zeros.
func fives(raw []byte) []byte {
	values := make([]byte, 0, (8*len(raw)+4)/5)
	acc, have := uint(0), 0
	for _, b := range raw {
		acc, have = acc<<8|uint(b), have+8
		for ; have >= 5; have -= 5 {
			values = append(values, byte(acc>>(have-5)&31))
		}
	}
	if have > 0 {
		values = append(values, byte(acc<<(5-have)&31))
	}
	return values
}

func bech32Sum(hrp string, values []byte) uint32 {
	expanded := make([]byte, 0, 2*len(hrp)+1+len(values))
	for i := range len(hrp) {
		expanded = append(expanded, hrp[i]>>5)
	}
	expanded = append(expanded, 0)
	for i := range len(hrp) {
		expanded = append(expanded, hrp[i]&31)
	}
	sum := uint32(1)
	for _, v := range append(expanded, values...) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}
