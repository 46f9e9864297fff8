package known

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// An index can be handed on as JSON lines, to be joined with another that was made
// with the same key: what a secret store exports, or another machine. docs/known.md
// has the fields. The first line is the head, each other line a value.
const hashesFormat = "oakum-known-hashes"

const hashesVersion = 1

type hashesHead struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Key     string `json:"key"`     // Key.ID
	Values  int    `json:"values"`  // lines that follow
	Entries int    `json:"entries"` // windows in the filter
	Filter  []byte `json:"filter"`  // the bitmap in base64, 64-bit words little endian
}

type hashesLine struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	Bits   int    `json:"bits"`   // estimated strength
	Window int    `json:"window"` // where the window begins
	Kind   int    `json:"kind"`   // 1: escaping does not change the window; + 2 × which of the floors
	Print  string `json:"print"`  // 8 hex digits
	Tag    string `json:"tag"`    // 32 hex digits
}

// WriteHashes writes the index for ReadHashes.
func (x *Index) WriteHashes(w io.Writer) error {
	head := hashesHead{Format: hashesFormat, Version: hashesVersion, Key: x.key.ID, Values: len(x.records), Entries: x.filter.entries, Filter: x.filter.bytes()}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	if err := enc.Encode(head); err != nil {
		return fmt.Errorf("write hashes: %w", err)
	}
	for i := range x.records {
		r := &x.records[i]
		line := hashesLine{
			Name: x.names[r.name], Bytes: int(r.size), Bits: int(r.bits), Window: int(r.at),
			Kind: int(r.kind()), Print: fmt.Sprintf("%08x", r.print), Tag: hex.EncodeToString(r.tag[:]),
		}
		if err := enc.Encode(line); err != nil {
			return fmt.Errorf("write hashes: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write hashes: %w", err)
	}
	return nil
}

// ReadHashes reads what WriteHashes wrote. Lines are numbered from 1 in errors.
func ReadHashes(r io.Reader, key *Key) (*Index, error) {
	dec := json.NewDecoder(io.LimitReader(r, maxFile))
	dec.DisallowUnknownFields()
	var head hashesHead
	if err := dec.Decode(&head); err != nil || head.Format != hashesFormat || head.Version != hashesVersion {
		return nil, fmt.Errorf("read hashes: the first line is no head of %s %d", hashesFormat, hashesVersion)
	}
	if head.Key != key.ID {
		return nil, fmt.Errorf("read hashes: %w: they need key %s, and this one is %s (OAKUM_KNOWN_KEY_FILE names another)", ErrOtherKey, head.Key, key.ID)
	}
	x := &Index{key: key}
	if !x.filter.read(head.Filter, head.Entries) || head.Values < 0 || head.Values > MaxMany {
		return nil, fmt.Errorf("read hashes: %w: the head contradicts itself", ErrDamaged)
	}
	fresh, names := make([]record, 0, min(head.Values, 1<<10)), make([]string, 0, min(head.Values, 1<<10))
	for n := range head.Values {
		var line hashesLine
		err := dec.Decode(&line)
		if err == nil {
			err = CheckName(line.Name)
		}
		r, ok := line.record()
		if err != nil || !ok {
			return nil, fmt.Errorf("read hashes: %w: line %d", ErrDamaged, n+2)
		}
		fresh, names = append(fresh, r), append(names, line.Name)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read hashes: %w: there are more lines than the head says", ErrDamaged)
	}
	_, err := x.merge(fresh, names, func() {})
	return x, err
}

func (l *hashesLine) record() (r record, ok bool) {
	tag, err := hex.DecodeString(l.Tag)
	printed, err2 := hex.DecodeString(l.Print)
	if err != nil || err2 != nil || len(tag) != tagSize || len(printed) != 4 {
		return r, false
	}
	for _, n := range []int{l.Bytes, l.Bits, l.Window, l.Kind} {
		if n < 0 || n > MaxSize {
			return r, false
		}
	}
	r = record{print: binary.BigEndian.Uint32(printed), size: uint16(l.Bytes), at: uint16(l.Window), bits: uint8(min(l.Bits, maxBits))}
	r.setKind(byte(l.Kind))
	copy(r.tag[:], tag)
	return r, r.valid()
}

// Join takes over the values of another index of the same key, and tells how many
// were new.
func (x *Index) Join(other *Index) (added int, err error) {
	if x.key.ID != other.key.ID {
		return 0, ErrOtherKey
	}
	names := make([]string, len(other.records))
	for i := range other.records {
		names[i] = other.names[other.records[i].name]
	}
	return x.merge(other.records, names, func() { x.filter.join(&other.filter) })
}
