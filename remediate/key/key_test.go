package key

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

func TestOpenMakesOneKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "remediate.key")
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			k, err := Open(file)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = k.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Errorf("made at the same time, the keys are %q", ids)
			break
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "short": head + "abcd\n", "no hex": head + strings.Repeat("z", 64), "other": "key " + strings.Repeat("a", 64)} {
		file := filepath.Join(dir, name)
		os.WriteFile(file, []byte(content), 0o600)
		if _, err := Open(file); err == nil {
			t.Errorf("%s is taken for a key", name)
		}
	}
	file := filepath.Join(dir, "open")
	if _, err := Open(file); err != nil {
		t.Fatal(err)
	}
	os.Chmod(file, 0o640)
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
}

// Labels keep the parts of a key apart, and lengths the parts of a text.
func TestApart(t *testing.T) {
	k, err := New(bytes.Repeat([]byte{7}, size))
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
