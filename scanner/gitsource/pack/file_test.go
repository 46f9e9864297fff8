package pack_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// opener is pack.Open, or its twin for systems that map no files.
type opener = func(dir *os.Root, name string, format object.Format) (*pack.File, error)

var openers = map[string]opener{"mapped": pack.Open, "read": pack.OpenRead}

// same reads every object of a pack and compares it with what git tells of it:
// offset, kind, size, and content, by its id. It returns how many there were.
func (r repo) same(open opener, name string) (n int) {
	r.t.Helper()
	f, err := open(r.root(), name, r.format)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if err := f.Damage(); err != nil {
		r.t.Error(err)
	}
	err = pack.Guard(func() error {
		for line := range strings.Lines(r.verified(name)) {
			if word := strings.Fields(line); len(word) >= 5 && len(word[0]) == 2*r.format.Size() {
				r.sameObject(f, word)
				n++
			}
		}
		return nil
	})
	if err != nil || n != f.Len() {
		r.t.Errorf("git knows %d objects in %s, oakum %d: %v", n, name, f.Len(), err)
	}
	return n
}

// verified is what git tells of a pack's objects: id, kind, size, size in the
// pack, offset, and for deltas more.
func (r repo) verified(name string) string {
	return r.git("", "verify-pack", "-v", "--object-format="+r.format.String(), r.path(name+".pack"))
}

func (r repo) sameObject(f *pack.File, word []string) {
	r.t.Helper()
	id, ok := r.format.Parse(word[0])
	pos, found := f.Find(id)
	if !ok || !found || f.ID(pos) != id || fmt.Sprint(f.Offset(pos)) != word[4] {
		r.t.Errorf("%s is found %v, at %d", word[0], found, f.Offset(pos))
		return
	}
	e, err := f.Entry(f.Offset(pos))
	if err != nil || fmt.Sprint(e.Size) != word[2] || (e.Kind == object.Unknown) != (len(word) > 5) {
		r.t.Errorf("%s: %+v, %v", word[0], e, err)
	}
	kind, data, err := rebuild(f, new(inflate.Inflater), f.Offset(pos))
	if err != nil || kind.String() != word[1] || sum(r.format, kind, data) != id {
		r.t.Errorf("%s is read as another object, of kind %s: %v", word[0], kind, err)
	}
	s, err := f.Stream(e)
	if err != nil {
		r.t.Error(err)
		return
	}
	streamed, err := io.ReadAll(s)
	if inflated, _ := f.Inflate(new(inflate.Inflater), nil, e); err != nil || !bytes.Equal(streamed, inflated) {
		r.t.Errorf("%s is streamed as something else: %v", word[0], err)
	}
}

// TestFormats reads packs and indexes as git writes them.
func TestFormats(t *testing.T) {
	for _, format := range []object.Format{object.SHA1, object.SHA256} {
		r := newRepo(t, format, 40)
		for _, args := range [][]string{
			{"repack", "-q", "-a", "-d", "--depth=50"},
			{"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"},
			{"-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f"},
			{"-c", "core.compression=0", "repack", "-q", "-a", "-d", "-F"},
			{"-c", "core.compression=9", "repack", "-q", "-a", "-d", "-F", "--write-bitmap-index"},
		} {
			r.git("", args...)
			name := r.files(".pack")[0]
			for how, open := range openers {
				t.Run(fmt.Sprint(format, how, args), func(t *testing.T) {
					if n := (repo{t, r.dir, format}).same(open, name); n < 121 {
						t.Errorf("%d objects", n)
					}
				})
			}
		}
		name := r.files(".pack")[0]
		r.git("", "index-pack", "--index-version=2,0x40", r.path(name+".pack"))
		r.same(pack.Open, name)
	}
}

// TestFind looks ids up that are not there, and that share their beginnings.
func TestFind(t *testing.T) {
	r := newRepo(t, object.SHA1, 1)
	var ids []object.ID
	for i := range 3000 {
		id := object.ID{byte(i % 3 * 127)}
		copy(id[1:], "the same bytes")
		id[18], id[19] = byte(i>>8), byte(i)
		ids = append(ids, id)
	}
	f := r.crafted(made{}, ids)
	for _, id := range ids {
		if pos, ok := f.Find(id); !ok || f.ID(pos) != id {
			t.Errorf("%s is found %v at %d", id, ok, pos)
		}
		for _, at := range []int{0, 5, 17} {
			other := id
			other[at]++
			if _, ok := f.Find(other); ok {
				t.Errorf("%s is found", other)
			}
		}
		id[31] = 1 // no id of this format
		if _, ok := f.Find(id); ok {
			t.Errorf("%s is found", id)
		}
	}
	for pos := 1; pos < f.Len(); pos++ {
		before := f.ID(pos)
		if before[19] == 0 {
			continue
		}
		before[19]--
		if at, ok := f.Find(before); !ok && at != pos {
			t.Errorf("%s would stand at %d, not %d", before, pos, at)
		}
	}
}

// TestFarOffsets reads a pack of more than 4 GB, most of it a hole, with deltas
// that look back farther than that.
func TestFarOffsets(t *testing.T) {
	r := newRepo(t, object.SHA1, 1)
	const far = 5 << 30
	text := []byte("a text that stands at both ends of a long pack")
	delta := []byte{byte(len(text)), byte(len(text)), 0x90, byte(len(text))}
	ids := []object.ID{{1}, {2}, {3}}
	for how, open := range openers {
		f := r.craftedBy(open, made{
			12:        entry(object.Blob, len(text), nil, text),
			far:       entry(object.Blob, len(text), nil, text),
			far + 500: entry(6, len(delta), back(far+500-12), delta),
		}, ids)
		for pos := range ids {
			err := pack.Guard(func() error {
				kind, data, err := rebuild(f, new(inflate.Inflater), f.Offset(pos))
				if kind != object.Blob || !bytes.Equal(data, text) {
					t.Errorf("%s: object %d at %d is %q", how, pos, f.Offset(pos), data)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		if f.Offset(1) != far || f.Offset(2) != far+500 {
			t.Errorf("%s: offsets %d, %d", how, f.Offset(1), f.Offset(2))
		}
	}
}

// TestDamagedPacks opens what git would refuse, or read in part.
func TestDamagedPacks(t *testing.T) {
	r := newRepo(t, object.SHA1, 5)
	r.git("", "repack", "-q", "-a", "-d")
	name := r.files(".pack")[0]
	r.files(".idx")
	whole, err := os.ReadFile(r.path(name + ".pack"))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		bytes []byte
		want  error
	}{
		"nothing":      {nil, pack.ErrTruncated},
		"half a head":  {whole[:7], pack.ErrTruncated},
		"a head":       {whole[:12], pack.ErrTruncated},
		"half":         {whole[:len(whole)/2], pack.ErrTruncated},
		"a byte short": {whole[:len(whole)-1], pack.ErrTruncated},
		"another end":  {append(append([]byte{}, whole...), 'x'), pack.ErrTruncated},
		"version 4":    {bent(whole, 7, 4), pack.ErrDamaged},
		"another head": {bent(whole, 0, 'p'), pack.ErrDamaged},
		"more objects": {bent(whole, 11, whole[11]+1), pack.ErrDamaged},
		"version 3":    {bent(whole, 7, 3), nil},
	}
	for what, c := range cases {
		if err := os.WriteFile(r.path(name+".pack"), c.bytes, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := pack.Open(r.root(), name, r.format)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := f.Damage(); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", what, err)
		}
		for pos := range f.Len() {
			if off := f.Offset(pos); off >= int64(len(c.bytes)) {
				t.Errorf("%s: an object at %d", what, off)
			}
		}
		f.Close()
	}
	if err := os.Remove(r.path(name + ".pack")); err != nil {
		t.Fatal(err)
	}
	_, err = pack.Open(r.root(), name, r.format)
	if o, ok := errors.AsType[*pack.OpenError](err); !ok || o.Name != "pack/"+name+".pack" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the pack: %v", err)
	}
}

// TestBoastfulIndex opens an index that claims more objects than its pack can hold.
func TestBoastfulIndex(t *testing.T) {
	r := newRepo(t, object.SHA1, 1)
	r.git("", "repack", "-q", "-a", "-d")
	name := r.files(".idx")[0]
	const objects = 3 << 20
	b, err := os.ReadFile(r.path(name + ".idx"))
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(b[8+255*4:], objects)
	if err := os.WriteFile(r.path(name+".idx"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{2000, 8 + 1024 + 28*objects + 40} { // what it has, and a hole as large as it would be
		if err := os.Truncate(r.path(name+".idx"), size); err != nil {
			t.Fatal(err)
		}
		for how, open := range openers {
			if _, err := open(r.root(), name, r.format); !errors.Is(err, pack.ErrIndex) {
				t.Errorf("%s, %d bytes: %v", how, size, err)
			}
		}
	}
}

// TestVerify changes each byte of an index: it is refused, or its checksum tells.
func TestVerify(t *testing.T) {
	r := newRepo(t, object.SHA256, 1)
	r.git("", "repack", "-q", "-a", "-d")
	name := r.files(".idx")[0]
	whole, err := os.ReadFile(r.path(name + ".idx"))
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for at := range whole {
		if err := os.WriteFile(r.path(name+".idx"), bent(whole, at, ^whole[at]), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := pack.Open(r.root(), name, r.format)
		if err == nil {
			err = f.Verify()
			f.Close()
		}
		if errors.Is(err, pack.ErrIndex) || errors.Is(err, pack.ErrDamaged) {
			told++
		}
	}
	if told != len(whole) || told < 1200 {
		t.Errorf("%d of %d changed bytes are told", told, len(whole))
	}
	if err := os.WriteFile(r.path(name+".idx"), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := pack.Open(r.root(), name, r.format)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
}

func bent(b []byte, at int, c byte) []byte {
	b = bytes.Clone(b)
	b[at] = c
	return b
}

// TestShrinkingFiles cuts pack and index while they are mapped: errors, and the
// process lives.
func TestShrinkingFiles(t *testing.T) {
	for _, ext := range []string{".pack", ".idx"} {
		r := newRepo(t, object.SHA1, 10)
		r.git("", "-c", "core.compression=0", "repack", "-q", "-a", "-d", "--depth=0", "-F")
		name := r.files(".pack")[0]
		r.files(".idx")
		f, err := pack.Open(r.root(), name, r.format)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := os.Truncate(r.path(name+ext), 100); err != nil {
			t.Fatal(err)
		}
		var faults, bad int
		for pos := range f.Len() {
			err := pack.Guard(func() error {
				kind, data, err := rebuild(f, new(inflate.Inflater), f.Offset(pos))
				if err == nil && sum(r.format, kind, data) != f.ID(pos) {
					err = pack.ErrDamaged
				}
				return err
			})
			if errors.Is(err, pack.ErrTruncated) {
				faults++
			}
			if err != nil {
				bad++
			}
		}
		// The rest of the last page reads as zeros; what lies behind that makes a fault.
		if f.Len() < 31 || bad != f.Len() || ext == ".pack" && faults == 0 {
			t.Errorf("%s: of %d objects %d are bad, %d by a fault", ext, f.Len(), bad, faults)
		}
		if s, err := f.Stream(pack.Entry{Data: f.End() - 100, Size: 1}); err == nil {
			_, err = io.ReadAll(s)
			if err == nil {
				t.Error("what is behind the end is streamed")
			}
		}
	}
}

// A panic that is no memory fault passes through Guard.
func TestGuardPasses(t *testing.T) {
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	pack.Guard(func() error { panic("mine") })
	t.Error("the panic did not pass")
}
