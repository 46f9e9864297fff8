// Package inflate decompresses the zlib streams of git objects (RFC 1950, RFC
// 1951) in one go: a pack tells how large an object is, so that all of the output
// has its place before the first bit is read, and nothing is kept from one stream
// to the next.
//
// It takes about 0.4 of the time of compress/zlib (BenchmarkZlib), most of what
// a scan of a history costs. The decoder's plan is that of libdeflate; there is no
// unsafe in it: slices are cut where the compiler needs to see that they are long
// enough.
//
// It promises, for any input: the verdict is that of zlib's inflate, which git
// uses, its Adler-32 included; nothing is written behind dst[:n+Slack]; the time
// is linear in the input and the output; nothing is allocated but one set of
// tables for all streams of a process.
//
// Limits: the size has to be known, and the whole stream and the whole output are
// in memory. Preset dictionaries are refused, as git does. A block of a few bytes
// can ask for tables that take microseconds to build: 1 MB of such blocks takes a
// tenth of a second, as it does with any zlib.
package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Slack is how many bytes behind the output Zlib may scribble on: a turn of its
// loop may begin at the end of the output, and writes up to 3 literals and a match
// of 32 bytes before it looks again.
const Slack = 64

// ErrData is returned for a stream that zlib would refuse, or one that does not
// make as many bytes as it should. All but errRoom wrap it.
var ErrData = errors.New("is no zlib stream of the size it should have")

var (
	errHead     = fmt.Errorf("%w: bad header", ErrData)
	errCode     = fmt.Errorf("%w: bad code", ErrData)
	errMatch    = fmt.Errorf("%w: a copy from before its beginning, or past its end", ErrData)
	errCut      = fmt.Errorf("%w: cut off", ErrData)
	errSize     = fmt.Errorf("%w: other size", ErrData)
	errChecksum = fmt.Errorf("%w: wrong checksum", ErrData)

	errRoom = errors.New("inflate: dst is shorter than the output and its slack")
)

// Inflater holds the tables of one goroutine, 12 KB. The zero value is ready.
type Inflater struct {
	input
	out      []byte // size bytes of output and the slack
	size, op int    // op: how many bytes of output there are

	constants *constants
	dynamic   codes
	code      code
	lens      [328]uint8 // code lengths of a dynamic block, and room for a word behind them
	pre       [1 << preBits]uint32
}

// Zlib decompresses the zlib stream that src begins with, of exactly n bytes,
// into dst[:n], and returns how many bytes of src it took: what follows is not
// looked at, and the caller knows whether something may. dst is at least n+Slack
// long, and of no use after an error. Its Adler-32 is verified.
func (z *Inflater) Zlib(dst []byte, n int, src []byte) (used int, err error) {
	if n < 0 || len(dst)-Slack < n {
		return 0, errRoom
	}
	if len(src) < 2 {
		return 0, errCut
	}
	// CM is 8, CINFO at most 7, FDICT not set, and FCHECK makes it a multiple of 31.
	if h := uint(src[0])<<8 | uint(src[1]); h&0x8f20 != 0x0800 || h%31 != 0 {
		return 0, errHead
	}
	end, err := z.deflated(dst[:n+Slack], src, 2)
	if err != nil {
		return 0, err
	}
	if len(src)-end < 4 {
		return 0, errCut
	}
	if binary.BigEndian.Uint32(src[end:]) != adler(dst[:n]) {
		return 0, errChecksum
	}
	return end + 4, nil
}

// deflated decompresses the deflate stream that begins at src[pos] into all of
// out but the slack, and returns where in src it ends.
func (z *Inflater) deflated(out, src []byte, pos int) (end int, err error) {
	if z.constants == nil {
		z.constants = shared()
	}
	z.out, z.size, z.op = out, len(out)-Slack, 0
	z.begin(src, pos)
	end, err = z.blocks()
	z.out = nil // neither buffer is to live for the sake of an idle Inflater
	z.release()
	return end, err
}
