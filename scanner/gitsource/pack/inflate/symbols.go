package inflate

import "encoding/binary"

// symbols decompresses a block by its codes: up to three literals and a match in
// each turn. This is where the time goes; what is called in it is inlined, or
// seldom needed.
//
// A turn begins with at most n bytes of output, and fewer bits used than src
// holds, give or take the tail's zeros; blocks tells at the end whether those were
// touched.
func (z *Inflater) symbols(c *codes) error {
	b, in, lim := z.bits, z.in, z.lim
	out, op, n := z.out, z.op, z.size
	lits, offs := &c.lits, &c.offs
	for {
		if b.pos > lim {
			if !z.turn(b) {
				return errCut
			}
			b, in, lim = z.bits, z.in, z.lim
		}
		if op > n {
			return errSize
		}
		d := (*[3]byte)(out[op : op+3])
		b = b.fill(in)
		e := lits[b.buf%(1<<litBits)]
		if e&literal != 0 {
			d[0] = byte(e >> 16)
			b, op = b.drop(e), op+1
			e = lits[b.buf%(1<<litBits)]
			if e&literal != 0 {
				d[1] = byte(e >> 16)
				b, op = b.drop(e), op+1
				e = lits[b.buf%(1<<litBits)]
				if e&literal != 0 {
					d[2] = byte(e >> 16)
					b, op = b.drop(e), op+1
					continue
				}
			}
		}
		if b.n < 48 { // a length takes up to 20 bits, a distance 28
			b = b.fill(in)
		}
		if e&special != 0 {
			if e&subtable != 0 {
				b = b.drop(e)
				e = lits[(uint64(e>>16)+b.buf&(1<<(e>>8&15)-1))%litSize]
				if e&literal != 0 {
					out[op] = byte(e >> 16)
					b, op = b.drop(e), op+1
					continue
				}
			}
			if e&special != 0 {
				z.bits, z.op = b.drop(e), op
				return ending(e)
			}
		}
		length := value(e, b.buf)
		b = b.drop(e)
		e = offs[b.buf%(1<<offBits)]
		if b.n < 32 {
			b = b.fill(in)
		}
		if e&special != 0 {
			if e&subtable == 0 {
				return errCode
			}
			b = b.drop(e)
			e = offs[(uint64(e>>16)+b.buf&(1<<(e>>8&15)-1))%offSize]
			if e&special != 0 {
				return errCode
			}
		}
		offset := value(e, b.buf)
		b = b.drop(e)
		if offset > op || length > n-op {
			return errMatch
		}
		if offset >= 8 && length <= 32 {
			move(out, op, op-offset, length)
		} else {
			repeat(out[:op+length+7], op, offset)
		}
		op += length
	}
}

// ending is the error of a special entry that is no subtable.
func ending(e uint32) error {
	if e&endBlock == 0 {
		return errCode
	}
	return nil
}

// value is a length or distance: its base and the extra bits, which follow the
// code in buf.
func value(e uint32, buf uint64) int {
	return int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15))
}

// move copies 16 or 32 bytes from out[from] to out[to], at least 8 further on, for
// a match of n: in two or four words. A call of memmove for each match makes the
// whole 30 % slower.
func move(out []byte, to, from, n int) {
	d := (*[32]byte)(out[to : to+32])
	s := (*[32]byte)(out[from : from+32])
	binary.LittleEndian.PutUint64(d[0:], binary.LittleEndian.Uint64(s[0:]))
	binary.LittleEndian.PutUint64(d[8:], binary.LittleEndian.Uint64(s[8:]))
	if n > 16 {
		binary.LittleEndian.PutUint64(d[16:], binary.LittleEndian.Uint64(s[16:]))
		binary.LittleEndian.PutUint64(d[24:], binary.LittleEndian.Uint64(s[24:]))
	}
}
