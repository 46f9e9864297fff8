// Package signed reads and writes the files in which a person reviews what will be done:
// plans and orders. Such a file holds no value. Only whoever has the user's key can make
// one: its MAC covers all of it, and it is read only if it is, byte for byte, what its
// writer writes. So nobody can hide in it what a reader would pass over.
package signed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/remediate/key"
)

// ErrForeign is in the error about a file that was not made with this user's key, or was
// changed since.
var ErrForeign = errors.New("it was not made with your key, or was changed since")

// Format is a kind of file.
type Format struct {
	Word   string // "plan"
	Schema string // its layout: a file lives for days, and another version's is made anew
	Label  string // keeps the MACs of kinds apart
	Max    int64  // bytes: more than any has
	Writer string // the command that writes one
	Again  string // what to do about one that is no good, "plan again"
}

// Document is what a file is decoded into.
type Document interface{ Marks() Marks }

// Marks are the fields of a document that tell whose it is.
type Marks struct {
	Schema string
	Key    string  // the id of the user's
	MAC    *string // over all, itself empty
}

// Sign sets the document's MAC.
func (f Format) Sign(d Document, k *key.Key) error {
	mac := d.Marks().MAC
	*mac = ""
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	*mac = k.MAC([]byte(f.Label), body)
	return nil
}

// Encode is a document as a file.
func Encode(d Document) ([]byte, error) {
	b, err := json.MarshalIndent(d, "", "  ")
	return append(b, '\n'), err
}

// Hash is what --approve wants: of the whole file.
func Hash(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// Read reads a file into a document, strictly, and checks that it is the user's own. It
// gives the text as well, whose Hash may be asked for.
func (f Format) Read(r io.Reader, d Document, k *key.Key) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, f.Max+1))
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", f.Word, err)
	}
	if int64(len(text)) > f.Max {
		return nil, fmt.Errorf("read the %s: it has more than %d bytes", f.Word, f.Max)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, fmt.Errorf("read the %s: %w; `%s` writes one", f.Word, err, f.Writer)
	}
	return text, f.check(d, text, k)
}

// check compares a document with what its writer would write.
func (f Format) check(d Document, text []byte, k *key.Key) error {
	marks := d.Marks()
	switch {
	case marks.Schema != f.Schema:
		return fmt.Errorf("read the %s: its layout is %q, and this oakum reads %q: %s", f.Word, marks.Schema, f.Schema, f.Again)
	case marks.Key != k.ID:
		return fmt.Errorf("read the %s: %w: it needs key %s, and yours is %s (OAKUM_KEY_FILE names another)", f.Word, ErrForeign, marks.Key, k.ID)
	}
	said := *marks.MAC
	if err := f.Sign(d, k); err != nil {
		return err
	}
	again, err := Encode(d)
	if err != nil {
		return err
	}
	if !key.Same(said, *marks.MAC) || !bytes.Equal(again, text) {
		return fmt.Errorf("read the %s: %w: %s", f.Word, ErrForeign, f.Again)
	}
	return nil
}
