package signed

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/key"
)

// note is a document of the tests'.
type note struct {
	Schema string   `json:"schema"`
	Key    string   `json:"key_id"`
	Says   []string `json:"says"`
	MAC    string   `json:"mac"`
}

func (n *note) Marks() Marks { return Marks{n.Schema, n.Key, &n.MAC} }

var notes = Format{Word: "note", Schema: "oakum-note/1", Label: "oakum note", Max: 4 << 10, Writer: "oakum note", Again: "note it again"}

func testKey(t *testing.T, seed byte) *key.Key {
	k, err := key.New(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// file is a note of k's.
func file(t *testing.T, f Format, k *key.Key, says string) []byte {
	n := &note{Schema: f.Schema, Key: k.ID, Says: []string{says}}
	if err := f.Sign(n, k); err != nil {
		t.Fatal(err)
	}
	text, err := Encode(n)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRead(t *testing.T) {
	k, n := testKey(t, 1), &note{}
	text := file(t, notes, k, "what is done")
	if _, err := notes.Read(bytes.NewReader(text), n, k); err != nil || n.Says[0] != "what is done" {
		t.Fatalf("%v, %v", n, err)
	}
	if again, err := Encode(n); err != nil || !bytes.Equal(again, text) || Hash(again) != Hash(text) {
		t.Errorf("read and written again it is %q, %v", again, err)
	}
}

// TestChanged: no byte of it can be another one, missing, or one too many.
func TestChanged(t *testing.T) {
	k := testKey(t, 1)
	text := file(t, notes, k, "what is done")
	refused := func(changed []byte) {
		t.Helper()
		if _, err := notes.Read(bytes.NewReader(changed), &note{}, k); err == nil {
			t.Errorf("read: %s", changed)
		}
	}
	for i := range text {
		flipped := bytes.Clone(text)
		flipped[i] ^= 1
		refused(flipped)
		refused(text[:i])
		refused(append(append(bytes.Clone(text[:i]), ' '), text[i:]...))
	}
	refused(append(bytes.Clone(text), text...))
	refused(bytes.Replace(text, []byte(`"says"`), []byte(`"more": 1, "says"`), 1))
}

func TestForeign(t *testing.T) {
	k := testKey(t, 1)
	other := notes
	other.Label = "oakum order"
	for name, text := range map[string][]byte{
		"another user's key":   file(t, notes, testKey(t, 2), "x"),
		"another kind's MAC":   file(t, other, k, "x"),
		"another user's MAC":   bytes.Replace(file(t, notes, testKey(t, 2), "x"), []byte(testKey(t, 2).ID), []byte(k.ID), 1),
		"a word was changed":   bytes.Replace(file(t, notes, k, "put it"), []byte("put it"), []byte("rm -rf"), 1),
		"a line break was cut": bytes.TrimSpace(file(t, notes, k, "x")),
	} {
		if _, err := notes.Read(bytes.NewReader(text), &note{}, k); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSaid: a file that is no good is told apart, each with what to do.
func TestSaid(t *testing.T) {
	k := testKey(t, 1)
	older := notes
	older.Schema = "oakum-note/0"
	for want, text := range map[string][]byte{
		"more than 4096 bytes":    file(t, notes, k, strings.Repeat("long ", 1000)),
		"`oakum note` writes one": []byte("# notes\n"),
		"note it again":           file(t, older, k, "x"),
		"OAKUM_KEY_FILE":          file(t, notes, testKey(t, 2), "x"),
	} {
		if _, err := notes.Read(bytes.NewReader(text), &note{}, k); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("wanted %q: %v", want, err)
		}
	}
}
