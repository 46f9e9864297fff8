package inflate

import "encoding/binary"

// blocks decompresses up to the last block, and returns where it ends in src.
func (z *Inflater) blocks() (end int, err error) {
	for final := false; !final; {
		if z.pos > z.lim && !z.turn(z.bits) {
			return 0, errCut
		}
		b := z.fill(z.in)
		final = b.buf&1 != 0
		kind := b.buf >> 1 & 3
		z.bits = b.drop(3)
		switch kind {
		case 0:
			err = z.stored()
		case 1:
			err = z.symbols(&z.constants.fixed)
		case 2:
			if err = z.header(); err == nil {
				err = z.symbols(&z.dynamic)
			}
		default:
			err = errCode
		}
		if err != nil {
			return 0, err
		}
	}
	if z.op != z.size {
		return 0, errSize
	}
	if end = z.end(); end > len(z.src) {
		return 0, errCut
	}
	return end, nil
}

// stored copies a block that is not compressed: RFC 1951, 3.2.4.
func (z *Inflater) stored() error {
	p := z.end()
	if p > len(z.src)-4 {
		return errCut
	}
	h := binary.LittleEndian.Uint32(z.src[p:])
	n := int(h & 0xffff)
	if uint32(n) != h>>16^0xffff {
		return errCode
	}
	p += 4
	if n > len(z.src)-p {
		return errCut
	}
	if n > z.size-z.op {
		return errSize
	}
	z.op += copy(z.out[z.op:], z.src[p:p+n])
	z.begin(z.src, p+n)
	return nil
}

// preOrder is the order in which the lengths of the code lengths' code come.
var preOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// header reads the codes of a dynamic block: RFC 1951, 3.2.7. blocks has filled
// the bits, and there is room for another fill.
func (z *Inflater) header() error {
	b := z.bits
	nlit := int(b.buf&31) + 257
	noff := int(b.buf>>5&31) + 1
	npre := int(b.buf>>10&15) + 4
	if nlit > 286 || noff > 30 {
		return errCode
	}
	var pre [19]uint8
	pre[preOrder[0]] = uint8(b.buf >> 14 & 7)
	b = b.drop(17).fill(z.in) // 56 bits: 18 lengths of 3 bits
	for _, k := range preOrder[1:npre] {
		pre[k] = uint8(b.buf & 7)
		b = b.drop(3)
	}
	z.bits = b
	if !z.code.build(z.pre[:], pre[:], z.constants.pre[:], preBits, false) {
		return errCode
	}
	if err := z.lengths(nlit + noff); err != nil {
		return err
	}
	if z.lens[256] == 0 { // the block would have no end
		return errCode
	}
	c := z.constants
	if !z.code.build(z.dynamic.offs[:], z.lens[nlit:nlit+noff], c.offs[:], offBits, true) ||
		!z.code.build(z.dynamic.lits[:], z.lens[:nlit], c.lits[:], litBits, true) {
		return errCode
	}
	return nil
}

// lengths reads n code lengths by the code in z.pre.
func (z *Inflater) lengths(n int) error {
	b := z.bits
	for i := 0; i < n; {
		if b.n < 14 { // 7 bits of code, and up to 7 extra
			if b.pos > z.lim {
				if !z.turn(b) {
					return errCut
				}
				b = z.bits
			}
			b = b.fill(z.in)
		}
		e := z.pre[b.buf&(1<<preBits-1)]
		b = b.drop(e)
		value, times := uint8(e>>16), 0
		switch value {
		default:
			z.lens[i] = value
			i++
			continue
		case 16:
			if i == 0 {
				return errCode
			}
			value, times = z.lens[i-1], 3+int(b.buf&3)
			b = b.drop(2)
		case 17:
			value, times = 0, 3+int(b.buf&7)
			b = b.drop(3)
		case 18:
			value, times = 0, 11+int(b.buf&127)
			b = b.drop(7)
		}
		if times > n-i {
			return errCode
		}
		word, end := uint64(value)*0x0101010101010101, i+times
		for ; i < end; i += 8 { // what is written past the end is written over
			binary.LittleEndian.PutUint64(z.lens[i:i+8], word)
		}
		i = end
	}
	z.bits = b
	return nil
}
