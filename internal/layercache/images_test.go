package layercache_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/oakum-sec/oakum/internal/layercache"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func token(seed uint64) string { return leaktest.Must(seed, `{{github "ghp_"}}`) }

func tarOf(files ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			panic(err)
		}
		must(w.Write([]byte(files[i+1])))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func layerOf(text []byte) v1.Layer {
	return must(tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }))
}

// base has findings, a gap, a file that is named after its secret, and what the layer
// above deletes.
func base() v1.Image {
	return must(mutate.AppendLayers(empty.Image,
		layerOf(tarOf("app/.env", "TOKEN="+token(1)+"\n", "app/"+token(2)+".txt", "nothing\n", "cut.gz", "\x1f\x8b\x08\x00cut", "etc/a.conf", "a = b\n")),
		layerOf(tarOf("app/.wh..env", "", "etc/a.conf", "token = "+token(3)+"\n")),
		layerOf(tarOf("usr/clean", "nothing in here\n"))))
}

// host is a registry that counts what it serves of layers, and can cut it short.
type host struct {
	name string
	mu   sync.Mutex
	gets map[string]int // by digest
	cut  bool
}

func newHost(t *testing.T) *host {
	h := &host{gets: map[string]int{}}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, digest, ok := strings.Cut(r.URL.Path, "/blobs/sha256:")
		if r.Method != http.MethodGet || !ok {
			inner.ServeHTTP(w, r)
			return
		}
		h.mu.Lock()
		h.gets["sha256:"+digest]++
		cut := h.cut
		h.mu.Unlock()
		if !cut {
			inner.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if json.Valid(body) { // a configuration
			w.Write(body)
			return
		}
		w.Header().Set("Content-Length", "1000000")
		w.Write(body[:len(body)-20])
	}))
	t.Cleanup(server.Close)
	h.name = strings.TrimPrefix(server.URL, "http://")
	return h
}

func (h *host) push(t *testing.T, path string, img v1.Image) string {
	t.Helper()
	ref := must(name.ParseReference(h.name + "/" + path))
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

// layersServed counts requests for layers since the last call.
func (h *host) layersServed(img v1.Image) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range must(img.Layers()) {
		n += h.gets[must(l.Digest()).String()]
	}
	clear(h.gets)
	return n
}

func openStore(t testing.TB, dir, world string, opt layercache.Options) *layercache.Store {
	t.Helper()
	if opt.Now.IsZero() {
		opt.Now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	s, err := layercache.Open(dir, []byte(world), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// told is all that a scan tells, as JSON, and its numbers.
type told struct {
	text     string
	findings int
	gaps     int
}

func scan(t testing.TB, c imagesource.Cache, refs ...string) told {
	t.Helper()
	src := imagesource.New(refs, imagesource.Options{})
	if c != nil {
		src.Cache(c)
	}
	var out told
	var b strings.Builder
	write := func(v any) { b.Write(append(must(json.Marshal(v)), '\n')) }
	sum, err := scanner.New(set(), scanner.Options{Jobs: 3}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			src.Settle(e.Finding)
			out.findings++
			write(e.Finding)
		case e.Gap != nil:
			out.gaps++
			write(e.Gap)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	write(sum)
	out.text = b.String()
	return out
}

func set() *rules.Set { return builtin.Set() }
