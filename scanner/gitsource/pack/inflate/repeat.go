package inflate

import "encoding/binary"

// repeat fills out from at on with what lies offset bytes before each byte: a
// match that is long, or nearer than a word. The last 7 bytes of out are slack.
func repeat(out []byte, at, offset int) {
	end := len(out) - 7
	from := at - offset
	if offset == 1 { // runs of one byte are most of these
		word := uint64(out[from]) * 0x0101010101010101
		for ; at < end; at += 8 {
			binary.LittleEndian.PutUint64(out[at:at+8], word)
		}
		return
	}
	for at < end { // each copy doubles what there is of the period
		at += copy(out[at:end], out[from:at])
	}
}
