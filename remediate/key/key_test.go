package key

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/keyfile"
	"github.com/oakum-sec/oakum/leak"
)

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "remediate.key")
	made, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(file)
	if err != nil || again.ID != made.ID || !Same(again.MAC([]byte("x")), made.MAC([]byte("x"))) {
		t.Errorf("read again it is another key: %v", err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
}

// Labels keep the parts of a key apart, and lengths the parts of a text.
func TestApart(t *testing.T) {
	k, err := New(bytes.Repeat([]byte{7}, keyfile.Size))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("value")
	if all := map[string]bool{k.Tag(leak.NewSecret(text)): true, k.FileTag(text): true, k.MAC(text): true, k.MAC([]byte("val"), []byte("ue")): true, k.MAC([]byte("valu"), []byte("e")): true}; len(all) != 5 {
		t.Errorf("only %d of 5 differ", len(all))
	}
	sealed := k.Seal(text, "about")
	if got, err := k.Unseal(sealed, "about"); err != nil || !bytes.Equal(got, text) {
		t.Error(got, err)
	}
	if _, err := k.Unseal(sealed, "other"); err == nil {
		t.Error("what was sealed about one thing opens as another")
	}
	if bytes.Equal(sealed, k.Seal(text, "about")) {
		t.Error("two seals of one content are equal")
	}
}
