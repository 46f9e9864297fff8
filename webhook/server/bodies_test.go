package server

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever was read before, and however long it was, a body is what came.
func TestBodies(t *testing.T) {
	var b bodies
	for _, n := range []int{1, 4095, 4096, 4097, 64 << 10, 200, 256 << 10, 256<<10 + 1, 3, 1500 << 10, 64<<10 - 1} {
		want := bytes.Repeat([]byte{byte('a' + n%26)}, n)
		got, err := b.read(iotest.OneByteReader(bytes.NewReader(want)), int64(n))
		if err != nil || !bytes.Equal(got.text, want) {
			t.Fatalf("%d bytes are %d, %v", n, len(got.text), err)
		}
		got.giveBack()
	}
	got, err := b.read(strings.NewReader("untold"), -1)
	if err != nil || string(got.text) != "untold" {
		t.Errorf("a text of a length that is not told is %q, %v", got.text, err)
	}
	got, err = b.read(strings.NewReader("short"), 4096)
	if err != io.ErrUnexpectedEOF || string(got.text) != "short" {
		t.Errorf("a text that ends early is %q, %v", got.text, err)
	}
}

// A review allocates less than it is long.
func TestBodiesAreUsedAgain(t *testing.T) {
	h := hooked(t, "", nil)
	text := review(`{"name":"NOTE","value":"` + strings.Repeat("hello there, ", 4500) + `"}`)
	ask := func() {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/pods?timeout=10s", strings.NewReader(text))
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
	ask() // the scanner's own buffers
	const times = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		ask()
	}
	runtime.ReadMemStats(&after)
	if each := int(after.TotalAlloc-before.TotalAlloc) / times; each > len(text) { // some is allocated all the same
		t.Errorf("a review of %d bytes allocates %d", len(text), each)
	}
}
