package known

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

// stored is the index after it was written and read again.
func stored(t *testing.T, x *Index) *Index {
	t.Helper()
	content, err := x.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Unmarshal(content, x.key)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// TestStored: what was read again, or handed on as hashes, finds the same.
func TestStored(t *testing.T) {
	seen := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		l := newLibrary(t, r, 1+r.IntN(30))
		text := l.text(r, 40)
		want := find(l.Index, text, 0, len(text))
		var lines bytes.Buffer
		if err := l.WriteHashes(&lines); err != nil {
			t.Fatal(err)
		}
		handed, err := ReadHashes(bytes.NewReader(lines.Bytes()), l.key)
		if err != nil {
			t.Fatal(err)
		}
		joined := New(l.key)
		if n, err := joined.Join(handed); n != l.Len() || err != nil {
			t.Fatalf("joined %d of %d: %v", n, l.Len(), err)
		}
		if n, err := joined.Join(handed); n != 0 || err != nil {
			t.Fatalf("joined %d again: %v", n, err)
		}
		for name, x := range map[string]*Index{"read again": stored(t, l.Index), "from hashes": handed, "joined": stored(t, joined)} {
			if got := find(x, text, 0, len(text)); !slices.Equal(got, want) {
				t.Errorf("%s: finds %v, not %v", name, got, want)
			}
			if !slices.Equal(x.Entries(), l.Entries()) {
				t.Errorf("%s: lists %v, not %v", name, x.Entries(), l.Entries())
			}
		}
		seen += len(want)
	}
	if seen < 200 {
		t.Errorf("%d values found: too few to say anything", seen)
	}
}

// TestGrown: an index to which values were added one by one, and some removed again,
// finds what is in it.
func TestGrown(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 10))
	x := New(testKey(t, 3))
	values := map[string][]byte{}
	for i := range 2000 {
		v := value(r, MinSize+r.IntN(40))
		name := fmt.Sprint("name ", i)
		if n, _, err := x.Add([]Candidate{{name, leak.NewSecret(v)}}, true); n != 1 || err != nil {
			t.Fatalf("value %d: %d added: %v", i, n, err)
		}
		if i%5 == 0 {
			x.Remove(name)
		} else if i%3 == 0 {
			values[name] = v
		}
	}
	if share := float64(x.filter.ones()) / float64(int(1)<<x.filter.log); share < 1.0/16 || share > 0.4 {
		t.Errorf("%.2f of the filter's bits are set", share)
	}
	x = stored(t, x)
	for name, v := range values {
		text := slices.Concat([]byte("x = "), v, []byte(" \n"))
		if got := find(x, text, 0, len(text)); !slices.Contains(got, told{4, 4 + len(v), name, ""}) {
			t.Errorf("%s is not found: %v", name, got)
		}
	}
	if len(values) < 300 || x.Remove("nobody") != 0 {
		t.Errorf("%d values are left", len(values))
	}
}

// TestSecrecy: neither the file nor the hashes have a value, a part of one, or a hash
// that needs no key.
func TestSecrecy(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 11))
	l := newLibrary(t, r, 40)
	content, err := l.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	if err := l.WriteHashes(&lines); err != nil {
		t.Fatal(err)
	}
	searched := 0
	for where, all := range map[string][]byte{"file": content, "body": l.body(), "hashes": lines.Bytes()} {
		for name, v := range l.values {
			for _, form := range openForms(v) {
				searched++
				if bytes.Contains(all, form) || bytes.Contains(all, bytes.ToUpper(form)) {
					t.Errorf("the %s shows %s", where, name)
				}
			}
		}
	}
	if bytes.Contains(content, []byte("v001")) {
		t.Error("the file shows names without its key")
	}
	if searched < 3*40*30 {
		t.Errorf("searched for %d forms, too few", searched)
	}
}

// openForms are what would give a value away: parts of it, and hashes that anybody can
// compute, each raw, in hex and in base64.
func openForms(v []byte) (forms [][]byte) {
	s1, s256, s512, m5 := sha1.Sum(v), sha256.Sum256(v), sha512.Sum512(v), md5.Sum(v)
	plain := [][]byte{v, v[:8], v[len(v)-8:], s1[:8], s256[:8], s512[:8], m5[:8]}
	at, _ := window(v)
	plain = append(plain, v[at:at+8])
	for _, p := range plain {
		forms = append(forms, p, hex.AppendEncode(nil, p), []byte(base64.StdEncoding.EncodeToString(p))[:10], []byte(base64.URLEncoding.EncodeToString(p))[:10])
	}
	return forms
}

// TestDamaged: no file that was cut or changed opens, and the error says what it is.
func TestDamaged(t *testing.T) {
	x := newLibrary(t, rand.New(rand.NewPCG(5, 12)), 20).Index
	content, err := x.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(content); at += 1 + len(content)/500 {
		cut, flipped := slices.Clone(content[:at]), slices.Clone(content)
		flipped[at] ^= 0x10
		for what, b := range map[string][]byte{"cut": cut, "changed": flipped} {
			_, err := Unmarshal(b, x.key)
			want := ErrDamaged
			switch {
			case at < len(magic):
				want = ErrForeign
			case what == "changed" && at < len(magic)+8:
				want = ErrOtherKey
			}
			if !errors.Is(err, want) {
				t.Errorf("%s at %d: %v, not %v", what, at, err, want)
			}
		}
	}
	if _, err := Unmarshal(content, testKey(t, 99)); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

// TestHostileBody: who has the key can write what he likes, and breaks nothing.
func TestHostileBody(t *testing.T) {
	x := newLibrary(t, rand.New(rand.NewPCG(6, 13)), 5).Index
	body := x.body()
	r := rand.New(rand.NewPCG(7, 14))
	text := newLibrary(t, r, 5).text(r, 20)
	opened := 0
	for range 5000 {
		b := slices.Clone(body)
		for range 1 + r.IntN(3) {
			at := r.IntN(len(b))
			if r.IntN(2) == 0 {
				at = len(b) - 1 - r.IntN(min(len(b), 200))
			}
			b[at] = byte(r.Uint32())
		}
		b = b[:len(b)-r.IntN(2)*r.IntN(30)]
		y := &Index{key: x.key}
		if y.read(b) {
			opened++
			find(y, text, 0, len(text))
			y.Entries()
		}
	}
	if opened == 0 {
		t.Error("nothing was opened")
	}
}

func TestBadHashes(t *testing.T) {
	x := newLibrary(t, rand.New(rand.NewPCG(8, 15)), 3).Index
	var lines bytes.Buffer
	if err := x.WriteHashes(&lines); err != nil {
		t.Fatal(err)
	}
	good := lines.String()
	for name, bad := range map[string]string{
		"empty":        "",
		"no head":      good[strings.Index(good, "\n")+1:],
		"a line less":  good[:strings.LastIndex(strings.TrimSpace(good), "\n")],
		"a line more":  good + "{}\n",
		"another word": strings.Replace(good, `"tag"`, `"value"`, 1),
		"a short tag":  strings.Replace(good, `"tag":"`, `"tag":"00`, 1),
		"other bytes":  strings.Replace(good, `"bytes":`, `"bytes":9`, 1) + " ",
	} {
		if _, err := ReadHashes(strings.NewReader(bad), x.key); err == nil && name != "other bytes" {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := ReadHashes(strings.NewReader(good), testKey(t, 98)); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "known.key")
	if _, err := ReadKey(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	made, err := MakeKey(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadKey(file)
	if err != nil || again.ID != made.ID || again.tagOf([]byte("x")) != made.tagOf([]byte("x")) {
		t.Errorf("read again it is another key: %v", err)
	}
	if _, err := MakeKey(file); err == nil {
		t.Error("a key was overwritten")
	}
	other, err := MakeKey(filepath.Join(t.TempDir(), "k"))
	if err != nil || other.ID == made.ID {
		t.Errorf("two keys are the same: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	if mounted, err := ReadMountedKey(file); err != nil || mounted.ID != made.ID {
		t.Errorf("mounted: %v", err)
	}
}
