package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/oakum-sec/oakum/remediate/key"
)

// read checks a journal's text and its head against each other. named is the record
// that the head names.
func read(root *os.Root, text []byte, k *key.Key) (records []Record, last string, named int, err error) {
	h, err := readHead(root, k)
	if err != nil {
		return nil, "", 0, err
	}
	for number := 1; ; number++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole { // what is left has no end: a crash cut it off
			break
		}
		text = rest
		r, err := readLine(line, number, last, k)
		if err != nil {
			return nil, "", 0, err
		}
		records, last = append(records, r), r.MAC
	}
	return records, last, h.Seq, h.fits(records)
}

func tampered(line int, what string) error {
	return fmt.Errorf("%w: line %d of %s %s. Compare it with a backup or with `oakum remediate status --export` of your audit; a new plan starts a new one", ErrTampered, line, Name, what)
}

// readLine reads one record, which must be exactly what seal wrote.
func readLine(line []byte, number int, before string, k *key.Key) (Record, error) {
	var r Record
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, tampered(number, "is no record")
	}
	said := r.MAC
	again, err := r.seal(k, before)
	switch {
	case err != nil:
		return r, err
	case !key.Same(said, r.MAC):
		return r, tampered(number, "was changed, or one before it was taken out, or it was written with another key")
	case !bytes.Equal(again, line):
		return r, tampered(number, "is not as it was written")
	case r.Seq != number:
		return r, tampered(number, fmt.Sprintf("has the number %d", r.Seq))
	}
	return r, nil
}

func readHead(root *os.Root, k *key.Key) (h head, err error) {
	text, err := root.ReadFile(headName)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("read the journal's head: %w", err)
	}
	if json.Unmarshal(text, &h) != nil || !key.Same(h.MAC, h.sign(k)) {
		return h, fmt.Errorf("%w: %s is not as it was written, or was written with another key", ErrTampered, headName)
	}
	return h, nil
}

// fits tells whether the records end where the head says, or one later, with those that
// were written together with it: a crash may come between the two.
func (h head) fits(records []Record) error {
	n := len(records)
	switch {
	case n < h.Seq:
		return tampered(n+1, fmt.Sprintf("is missing: there were %d records", h.Seq))
	case n > h.Seq && n > h.Seq+1+records[h.Seq].With:
		return fmt.Errorf("%w: %s is older than the journal (record %d of %d)", ErrTampered, headName, h.Seq, n)
	case h.Seq > 0 && !key.Same(records[h.Seq-1].MAC, h.Last):
		return tampered(h.Seq, "is another than the head names")
	}
	return nil
}

// Last is the act that a run was about when it ended (the step of its last Begin), and
// whether that came to its end.
func Last(records []Record) (act string, ended bool) {
	for _, r := range records {
		switch r.Phase {
		case Begin:
			act, ended = r.Step, false
		case End:
			ended = true
		}
	}
	return act, ended
}
