package tree

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// Patch is what `git apply` makes the change of. A diff of lines would show the
// old values. So the patch is one of git's binary kind, a delta: ranges to copy
// from the old file, and the new text between them. The way back, which a binary
// patch may have too, would hold the values, and is left out.
func (s *Set) Patch() ([]byte, error) {
	if len(s.Files) == 0 {
		return nil, errors.New("there is no patch to write: no file would change")
	}
	var out bytes.Buffer
	for _, f := range s.Files {
		if f.crlf {
			return nil, fmt.Errorf("%s has other line ends in the worktree than in the commit: make a commit instead of a patch", f.Path)
		}
		if strings.ContainsFunc(f.Path, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
			return nil, fmt.Errorf("%q would be quoted in a patch, each git in its way: make a commit instead", f.Path)
		}
		object := blobID(f.After, s.Head)
		old, mode := f.Old, " "+f.Mode
		fmt.Fprintf(&out, "diff --git a/%s b/%[1]s\n", f.Path)
		if old == "" {
			old, mode = strings.Repeat("0", len(object)), ""
			fmt.Fprintf(&out, "new file mode %s\n", f.Mode)
		}
		fmt.Fprintf(&out, "index %s..%s%s\nGIT binary patch\n", old, object, mode)
		if f.Old == "" {
			hunk(&out, "literal", f.After)
		} else {
			hunk(&out, "delta", delta(f.Before, f.After, f.Splices))
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// hunk writes data as gitformat-patch's binary hunks have it: deflated, 52 bytes
// a line, in git's base85, each line with its length in front.
func hunk(out *bytes.Buffer, kind string, data []byte) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	fmt.Fprintf(out, "%s %d\n", kind, len(data))
	for line := packed.Next(52); len(line) > 0; line = packed.Next(52) {
		if n := len(line); n <= 26 {
			out.WriteByte('A' + byte(n) - 1)
		} else {
			out.WriteByte('a' + byte(n) - 27)
		}
		base85(out, line)
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
}

// alphabet is git's (base85.c), which is not Ascii85's.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"

func base85(out *bytes.Buffer, line []byte) {
	for len(line) > 0 {
		var four [4]byte
		line = line[copy(four[:], line):]
		n := binary.BigEndian.Uint32(four[:])
		var five [5]byte
		for i := 4; i >= 0; i-- {
			five[i], n = alphabet[n%85], n/85
		}
		out.Write(five[:])
	}
}

// delta is git's (gitformat-pack, "Deltified representation").
func delta(before, after []byte, splices []change.Splice) []byte {
	out := binary.AppendUvarint(nil, uint64(len(before)))
	out = binary.AppendUvarint(out, uint64(len(after)))
	last := 0
	for _, s := range splices {
		out = appendCopy(out, last, s.Start-last)
		for text := []byte(s.Head + s.Text + s.Tail); len(text) > 0; {
			n := min(len(text), 127)
			out = append(append(out, byte(n)), text[:n]...)
			text = text[n:]
		}
		last = s.End
	}
	return appendCopy(out, last, len(before)-last)
}

// appendCopy says to copy size bytes of the old file from at on, 64 KiB at most
// in one instruction.
func appendCopy(out []byte, at, size int) []byte {
	for size > 0 {
		n := min(size, 0xffff)
		var args []byte
		op := byte(0x80)
		for i := range 4 {
			if b := byte(at >> (8 * i)); b != 0 {
				op, args = op|1<<i, append(args, b)
			}
		}
		for i := range 2 {
			if b := byte(n >> (8 * i)); b != 0 {
				op, args = op|0x10<<i, append(args, b)
			}
		}
		out = append(append(out, op), args...)
		at, size = at+n, size-n
	}
	return out
}
