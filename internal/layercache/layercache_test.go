package layercache_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/oakum-sec/oakum/internal/layercache"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// The second scan tells what the first did, gaps too, and asks for no layer. Of a
// second tag only what is new is asked for, in the same call and in another one.
func TestSecondScanTellsTheSame(t *testing.T) {
	h, dir := newHost(t), t.TempDir()
	img := base()
	more := must(mutate.AppendLayers(img, layerOf(tarOf("new.env", "TOKEN="+token(9)+"\n"))))
	one, two := h.push(t, "app:v1", img), h.push(t, "app:v2", more)
	plain := scan(t, nil, one)
	if plain.findings < 3 || plain.gaps != 1 || !strings.Contains(plain.text, "deleted in layer 2, still shipped in layer 1") {
		t.Fatalf("%d findings, %d gaps: %s", plain.findings, plain.gaps, plain.text)
	}
	h.layersServed(more)
	for i, want := range []int{3, 0} {
		if got := scan(t, openStore(t, dir, "w", layercache.Options{}), one); got != plain {
			t.Errorf("scan %d told\n%s\nnot\n%s", i, got.text, plain.text)
		}
		if n := h.layersServed(more); n != want {
			t.Errorf("scan %d asked for %d layers, not %d", i, n, want)
		}
	}
	plainTwo := scan(t, nil, two)
	h.layersServed(more)
	if got := scan(t, openStore(t, dir, "w", layercache.Options{}), two); got != plainTwo {
		t.Errorf("the second tag told\n%s\nnot\n%s", got.text, plainTwo.text)
	}
	if n := h.layersServed(more); n != 1 {
		t.Errorf("of the second tag %d layers were asked for", n)
	}
	both := scan(t, nil, one, two)
	if n := h.layersServed(more); n != 4 {
		t.Errorf("of both tags together %d layers were asked for", n)
	}
	if got := scan(t, openStore(t, dir, "w", layercache.Options{}), one, two); got != both {
		t.Errorf("both tags told\n%s\nnot\n%s", got.text, both.text)
	}
}

// Other rules, other options: another world, for which nothing is known.
func TestAnotherWorldReadsAll(t *testing.T) {
	h, dir, img := newHost(t), t.TempDir(), base()
	ref := h.push(t, "app:v1", img)
	scan(t, openStore(t, dir, "rules one", layercache.Options{}), ref)
	h.layersServed(img)
	scan(t, openStore(t, dir, "rules two", layercache.Options{}), ref)
	if n := h.layersServed(img); n != 3 {
		t.Errorf("%d layers were read by other rules", n)
	}
}

// Who needs values gets them, and layers without findings stay known.
func TestValues(t *testing.T) {
	h, dir, img := newHost(t), t.TempDir(), base()
	ref := h.push(t, "app:v1", img)
	scan(t, openStore(t, dir, "w", layercache.Options{}), ref)
	h.layersServed(img)
	src := imagesource.New([]string{ref}, imagesource.Options{})
	src.Cache(openStore(t, dir, "w", layercache.Options{Values: true}))
	found := 0
	_, err := scanner.New(set(), scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		if e.Finding != nil {
			found++
			if e.Finding.Secret.IsZero() {
				t.Errorf("%s has no value", e.Finding.Place)
			}
		}
		return nil
	})
	if n := h.layersServed(img); err != nil || n != 2 || found < 3 {
		t.Errorf("%d layers were read, %d findings, %v", n, found, err)
	}
}

// No value is in a record, not even where a file is named after it, and no image's
// name; and nobody but the user can read one.
func TestRecordsHoldNoValue(t *testing.T) {
	h, dir := newHost(t), t.TempDir()
	spy := &spying{}
	scan(t, spy, h.push(t, "secretive/app:v1", base()))
	for digest, r := range spy.records {
		text := must(layercache.Encode(r))
		for seed := range uint64(10) {
			if bytes.Contains(text, []byte(token(seed))) {
				t.Errorf("the record of %s holds a value", digest)
			}
		}
		if bytes.Contains(text, []byte("secretive")) || bytes.Contains(text, []byte(digest)) {
			t.Errorf("the record of %s tells of image or layer: %s", digest, text)
		}
	}
	if len(spy.records) != 3 {
		t.Errorf("%d records", len(spy.records))
	}
	scan(t, openStore(t, dir, "w", layercache.Options{}), h.push(t, "app:v1", base()))
	files := must(os.ReadDir(dir))
	for _, f := range files {
		if info := must(f.Info()); info.Mode().Perm() != 0o600 && filepath.Separator == '/' {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
	if len(files) != 4 {
		t.Errorf("%d files for three layers and a key", len(files))
	}
}

// spying keeps records in memory.
type spying struct {
	mu      sync.Mutex
	records map[string]*imagesource.Record
}

func (*spying) Has(string) bool                        { return false }
func (*spying) Get(string) (*imagesource.Record, bool) { return nil, false }
func (s *spying) Put(digest string, r *imagesource.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = map[string]*imagesource.Record{}
	}
	s.records[digest] = r
}

// Whatever is done to the folder, the scan tells the same.
func TestDamagedRecords(t *testing.T) {
	h, img := newHost(t), base()
	ref := h.push(t, "app:v1", img)
	plain := scan(t, nil, ref)
	change := func(of func(i int, text []byte) []byte) func(dir string) {
		return func(dir string) {
			for i, name := range must(filepath.Glob(filepath.Join(dir, "*.layer"))) {
				os.WriteFile(name, of(i, must(os.ReadFile(name))), 0o600)
			}
		}
	}
	ways := map[string]func(dir string){
		"empty":  change(func(int, []byte) []byte { return nil }),
		"junk":   change(func(int, []byte) []byte { return bytes.Repeat([]byte("junk"), 99) }),
		"cut":    change(func(i int, text []byte) []byte { return text[:len(text)/(i+2)] }),
		"longer": change(func(_ int, text []byte) []byte { return append(text, 0) }),
		"swapped": func(dir string) {
			names := must(filepath.Glob(filepath.Join(dir, "*.layer")))
			first := must(os.ReadFile(names[0]))
			os.Rename(names[1], names[0])
			os.WriteFile(names[1], first, 0o600)
		},
		"folders": func(dir string) {
			for _, name := range must(filepath.Glob(filepath.Join(dir, "*.layer"))) {
				os.Remove(name)
				os.MkdirAll(filepath.Join(name, "x"), 0o700)
			}
		},
		"another key": func(dir string) { os.WriteFile(filepath.Join(dir, "key"), bytes.Repeat([]byte{1}, 32), 0o600) },
	}
	for bit := range 40 {
		ways["bit "+string(rune('a'+bit))] = change(func(_ int, text []byte) []byte {
			text[bit*(len(text)-1)/39] ^= 1 << (bit % 8)
			return text
		})
	}
	for way, damage := range ways {
		dir := t.TempDir()
		scan(t, openStore(t, dir, "w", layercache.Options{}), ref)
		damage(dir)
		if got := scan(t, openStore(t, dir, "w", layercache.Options{}), ref); got != plain {
			t.Errorf("%s: told\n%s\nnot\n%s", way, got.text, plain.text)
		}
	}
	bad := t.TempDir()
	os.WriteFile(filepath.Join(bad, "key"), []byte("short"), 0o600)
	if _, err := layercache.Open(bad, nil, layercache.Options{}); err == nil || !strings.Contains(err.Error(), "remove the folder") {
		t.Errorf("a short key gives %v", err)
	}
}

// A layer that did not come whole leaves no record.
func TestCutDownloadsAreNotKept(t *testing.T) {
	h, dir, img := newHost(t), t.TempDir(), base()
	ref := h.push(t, "app:v1", img)
	plain := scan(t, nil, ref)
	h.cut = true
	if got := scan(t, openStore(t, dir, "w", layercache.Options{}), ref); got.gaps <= plain.gaps {
		t.Errorf("cut layers gave %d gaps", got.gaps)
	}
	h.cut = false
	if got := scan(t, openStore(t, dir, "w", layercache.Options{}), ref); got != plain {
		t.Errorf("told\n%s\nnot\n%s", got.text, plain.text)
	}
}

// An archive's digests are anybody's word: a layer that claims to be one that was
// clean is read, before and after that one is known, and beside it.
func TestArchivesThatLie(t *testing.T) {
	dir := t.TempDir()
	clean := must(mutate.AppendLayers(empty.Image, layerOf(tarOf("usr/clean", "nothing in here\n"))))
	evil := must(mutate.AppendLayers(empty.Image, layerOf(tarOf("usr/clean", "TOKEN="+token(5)+"\n"))))
	write := func(what string, img v1.Image) string {
		path := filepath.Join(dir, what)
		must(layout.Write(path, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})))
		return path
	}
	good, bad := write("good", clean), write("bad", clean)
	blob := func(dir string, img v1.Image) string {
		return filepath.Join(dir, "blobs", "sha256", must(must(img.Layers())[0].Digest()).Hex)
	}
	other := write("other", evil)
	if err := os.WriteFile(blob(bad, clean), must(os.ReadFile(blob(other, evil))), 0o600); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	for i, refs := range [][]string{{"oci:" + bad}, {"oci:" + good}, {"oci:" + bad}, {"oci:" + good, "oci:" + bad}, {"oci:" + bad, "oci:" + good}} {
		want := 0
		for _, r := range refs {
			if strings.HasSuffix(r, "bad") {
				want = 1
			}
		}
		if got := scan(t, openStore(t, state, "w", layercache.Options{}), refs...); got.findings != want {
			t.Errorf("scan %d, of %v: %d findings: %s", i, refs, got.findings, got.text)
		}
	}
}

// An archive is known by its bytes: a copy of it is not scanned again.
func TestArchives(t *testing.T) {
	dir, state, img := t.TempDir(), t.TempDir(), base()
	write := func(file string) string {
		if err := tarball.WriteToFile(filepath.Join(dir, file), must(name.NewTag("app:v1")), img); err != nil {
			t.Fatal(err)
		}
		return "docker-archive:" + filepath.Join(dir, file)
	}
	plain := scan(t, nil, write("a.tar"))
	for i, want := range []int64{0, 3} {
		s := openStore(t, state, "w", layercache.Options{})
		if got := scan(t, s, write("b.tar")); got != plain || s.Recalled() != want {
			t.Errorf("scan %d: %d layers known, told\n%s\nnot\n%s", i, s.Recalled(), got.text, plain.text)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	h, dir := newHost(t), t.TempDir()
	ref := h.push(t, "app:v1", base())
	plain := scan(t, nil, ref)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s, err := layercache.Open(dir, []byte("w"), layercache.Options{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
			if err != nil { // who comes while the key is being written goes without
				return
			}
			defer s.Close()
			for range 3 {
				if got := scan(t, s, ref); got != plain {
					t.Errorf("told\n%s\nnot\n%s", got.text, plain.text)
				}
			}
		})
	}
	all.Wait()
}

func TestRoomIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, "w", layercache.Options{Limit: 100_000})
	names := make([]uint64, 1000) // a record of some 10 kB
	for i := range 50 {
		s.Put("sha256:"+strings.Repeat("x", i), &imagesource.Record{Files: names})
		s.Get("sha256:") // the first one is in use
	}
	var size int64
	for _, f := range must(os.ReadDir(dir)) {
		size += must(f.Info()).Size()
	}
	if size > 100_100 || size < 50_000 {
		t.Errorf("%d bytes are kept", size)
	}
	if _, ok := s.Get("sha256:"); !ok {
		t.Error("what was in use all the time is gone")
	}
	if _, ok := s.Get("sha256:x"); ok {
		t.Error("what nobody used is there")
	}
}

// What a token's expiry changes is told anew when it has expired.
func TestExpiry(t *testing.T) {
	dir, end := t.TempDir(), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	openStore(t, dir, "w", layercache.Options{}).Put("d", &imagesource.Record{Told: scanner.Told{Until: end}})
	if _, ok := openStore(t, dir, "w", layercache.Options{Now: end.Add(-time.Hour)}).Get("d"); !ok {
		t.Error("there is no record before the end")
	}
	if _, ok := openStore(t, dir, "w", layercache.Options{Now: end}).Get("d"); ok {
		t.Error("there is a record after the end")
	}
}
