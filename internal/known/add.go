package known

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// ErrWeak is in the error about a value that is too easily guessed.
var ErrWeak = errors.New("weak")

// Candidate is a value to add, and what the user calls it.
type Candidate struct {
	Name  string
	Value leak.Secret
}

// maxName is how long a name may be, in bytes.
const maxName = 256

// Add puts values in and tells how many were new: one that is known under the same
// name is left as it is. Those that Check is against are refused, each with an error
// that begins with its name.
func (x *Index) Add(list []Candidate, allowWeak bool) (added int, refused []error, err error) {
	var fresh []record
	var names []string
	var slots []uint64
	for _, c := range list {
		if err := CheckName(c.Name); err != nil {
			return 0, nil, err
		}
		err := c.Value.Reveal(func(value []byte) (err error) {
			if err = Check(value, allowWeak); err == nil {
				var r record
				r, slots = x.key.record(value, slots)
				fresh, names = append(fresh, r), append(names, c.Name)
			}
			return err
		})
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	added, err = x.merge(fresh, names, func() { x.enter(slots) })
	return added, refused, err
}

// Check tells whether a value can be added; the error says why not, and ErrWeak is in
// it where only the estimate is against it.
func Check(value []byte, allowWeak bool) error {
	switch size := len(value); {
	case size < MinSize:
		return fmt.Errorf("%d bytes are too few to be told from a word: a value has %d or more", size, MinSize)
	case size > MaxSize:
		return fmt.Errorf("%d bytes are more than a value may have (%d): add the key in it, not the whole file", size, MaxSize)
	case allowWeak:
		return nil
	}
	if bits := Strength(value); bits < StrongBits {
		return fmt.Errorf("%w: about %d bits of strength, and %d are asked for (--allow-weak takes it all the same)", ErrWeak, bits, StrongBits)
	}
	return nil
}

// CheckName tells whether a value may be called so.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || bytes.ContainsFunc([]byte(name), func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return fmt.Errorf("%q is no name: 1 to %d bytes, none of them a control character", name, maxName)
	}
	return nil
}

// record makes one of a value and appends the hashes of its forms to slots.
func (k *Key) record(value []byte, slots []uint64) (record, []uint64) {
	r := record{size: uint16(len(value)), bits: uint8(Strength(value)), tag: k.tagOf(value)}
	at, plain := window(value)
	r.at, r.plain = uint16(at), plain
	part := value
	if !r.short() {
		part = value[at : at+windowSize]
	}
	r.print = k.print(part)
	before := len(slots)
	eachSlot(value, at, func(w []byte) {
		r.loud = max(r.loud, uint8(loudness(w)))
		if s := k.slot(binary.LittleEndian.Uint64(w)); !slices.Contains(slots[before:], s) {
			slots = append(slots, s)
		}
	})
	return r, slots
}

// enter puts hashes into the filter.
func (x *Index) enter(slots []uint64) {
	x.filter.reserve(len(slots))
	for _, s := range slots {
		x.filter.add(s)
	}
}

// merge takes records over, each under its name, that are not there yet.
func (x *Index) merge(fresh []record, names []string, enter func()) (added int, err error) {
	type entry struct {
		tag  [tagSize]byte
		name string
	}
	have := make(map[entry]bool, len(x.records)+len(fresh))
	for i := range x.records {
		have[entry{x.records[i].tag, x.names[x.records[i].name]}] = true
	}
	all := make([]string, len(x.records), len(x.records)+len(fresh))
	for i := range x.records {
		all[i] = x.names[x.records[i].name]
	}
	records := slices.Clone(x.records)
	for i, r := range fresh {
		if e := (entry{r.tag, names[i]}); !have[e] {
			have[e] = true
			records, all = append(records, r), append(all, names[i])
		}
	}
	if len(records) > MaxMany {
		return 0, fmt.Errorf("%d values are more than an index holds (%d)", len(records), MaxMany)
	}
	added = len(records) - len(x.records)
	enter()
	if err := x.filter.fill(); err != nil {
		return 0, err
	}
	x.records, x.names = records, slices.Compact(slices.Sorted(slices.Values(all)))
	place := make(map[string]uint32, len(x.names))
	for i, name := range x.names {
		place[name] = uint32(i)
	}
	for i := range x.records {
		x.records[i].name = place[all[i]]
	}
	x.sort()
	return added, nil
}
