package archive

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// Format is what an archive or a compressed text is.
type Format uint8

// The formats that Sniff knows. Those after RPM are known only to be told.
const (
	None Format = iota
	Zip
	Tar
	Gzip
	Bzip2
	XZ
	Zstd
	Ar
	RPM
	SevenZip
	RAR
	LZ4
	Lzip
	Compress
)

// HeadSize is how many of a text's first bytes Sniff looks at: a tar's header.
const HeadSize = 512

// magics are the first bytes of each format: PKWARE's APPNOTE 4.3.7 and 4.3.16, RFC
// 1952, bzip2's and xz's format descriptions, RFC 8878, ar(5), the RPM lead, and the
// pages of the others.
var magics = []struct {
	format Format
	bytes  string
}{
	{Zip, "PK\x03\x04"}, {Zip, "PK\x05\x06"}, {Zip, "PK\x07\x08PK\x03\x04"},
	{Gzip, "\x1f\x8b\x08"}, {Bzip2, "BZh"}, {XZ, "\xfd7zXZ\x00"}, {Zstd, "\x28\xb5\x2f\xfd"},
	{Ar, "!<arch>\n"}, {RPM, "\xed\xab\xee\xdb"},
	{SevenZip, "7z\xbc\xaf\x27\x1c"}, {RAR, "Rar!\x1a\x07"}, {LZ4, "\x04\x22\x4d\x18"}, {Lzip, "LZIP\x01"}, {Compress, "\x1f\x9d\x90"},
}

// Sniff tells what a text is by its first HeadSize bytes, or by all of it where it
// is shorter. What head has beyond them has no say.
func Sniff(head []byte) Format {
	if len(head) < 4 {
		return None
	}
	for _, m := range magics {
		if m.bytes[0] == head[0] && len(head) >= len(m.bytes) && string(head[:len(m.bytes)]) == m.bytes {
			if m.format == Bzip2 && !isBzip2(head) {
				continue
			}
			return m.format
		}
	}
	if isTar(head) {
		return Tar
	}
	if skipped(head) {
		return Zstd
	}
	return None
}

// skipped tells whether head begins with a frame that a zstd reader passes by (RFC
// 8878, 3.1.2), as pzstd writes before each of its own, and one that it reads follows.
func skipped(head []byte) bool {
	const header = 8
	if len(head) < header || head[0]&0xf0 != 0x50 || string(head[1:4]) != "\x2a\x4d\x18" {
		return false
	}
	next := header + int64(binary.LittleEndian.Uint32(head[4:]))
	return next < int64(len(head)) && bytes.HasPrefix(head[next:], []byte("\x28\xb5\x2f\xfd"))
}

// isBzip2 looks on: "BZh" alone is three letters. A block size from 1 to 9 and the
// digits of pi follow, or those of its square root where it is empty.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && head[3] >= '1' && head[3] <= '9' && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isTar checks a header's sum: the bytes added up, those of the sum taken as blanks
// (POSIX.1-2024, pax, "ustar Interchange Format"). Archives of before 1988 have no
// magic, and an empty one is all zeros, which is none to us.
func isTar(head []byte) bool {
	if len(head) < HeadSize || head[0] == 0 {
		return false
	}
	digits := strings.Trim(string(head[148:156]), " \x00")
	want, err := strconv.ParseUint(digits, 8, 32)
	if err != nil {
		return false
	}
	sum := uint64(8 * ' ')
	for i, c := range head[:HeadSize] {
		if i < 148 || i >= 156 {
			sum += uint64(c)
		}
	}
	// A text of one block could fit the sum by chance, but it has no zero byte.
	return sum == want && bytes.IndexByte(head[:HeadSize], 0) >= 0
}

func (f Format) String() string {
	return [...]string{"no archive", "zip", "tar", "gzip", "bzip2", "xz", "zstandard", "ar", "rpm", "7-Zip", "RAR", "LZ4", "lzip", "compress(1)"}[f]
}
