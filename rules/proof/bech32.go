package proof

import "bytes"

// Sums of the two checksums that share an alphabet: BIP 173 and, since 2021, BIP
// 350 ("Bech32m").
const (
	bech32Holds  = 1
	bech32mHolds = 0x2bc830a3
)

// maxBech32 is more than the longest key has. BIP 173 allows 90 characters; age's
// post-quantum identities and Zcash's keys are longer.
const maxBech32 = 90 + 2000

// parseBech32 reads keys written in Bech32 or Bech32m, whatever their prefix: the
// rule names it.
func parseBech32(value []byte) Result {
	hrp, data, ok := bech32Parts(value)
	if !ok {
		return fails()
	}
	switch bech32(hrp, data) {
	case bech32Holds, bech32mHolds:
		return holds()
	}
	return fails("its checksum does not hold")
}

// bech32Parts gives, in small letters, what stands before the last 1 and behind
// it. Both cases at once are none (BIP 173).
func bech32Parts(value []byte) (hrp, data []byte, ok bool) {
	lower := bytes.ToLower(value)
	if !bytes.Equal(value, lower) && !bytes.Equal(value, bytes.ToUpper(value)) {
		return nil, nil, false
	}
	at := bytes.LastIndexByte(lower, '1')
	if at < 1 || len(lower)-at < 7 || len(lower) > maxBech32 {
		return nil, nil, false
	}
	return lower[:at], lower[at+1:], true
}
