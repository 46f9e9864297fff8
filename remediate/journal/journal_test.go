package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/key"
)

func testKey(t *testing.T, n byte) *key.Key {
	t.Helper()
	k, err := key.New(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testRoot(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// written is a journal of n records.
func written(t *testing.T, root *os.Root, k *key.Key, n int) {
	t.Helper()
	j, err := Open(root, k, disk.Disk{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for i := range n {
		if err := j.Add(Record{Plan: "p", Phase: Intent, Step: fmt.Sprint("s", i), Tags: []string{"t"}}); err != nil {
			t.Fatal(err)
		}
	}
}

func text(t *testing.T, root *os.Root, name string) []byte {
	t.Helper()
	b, err := root.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoesOn(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 2)
	written(t, root, k, 3)
	got, err := Read(root, k)
	if err != nil || len(got) != 5 || got[4].Seq != 5 || got[4].Step != "s2" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A line that a crash tore is dropped, at whatever byte it was torn; what comes after
// is in order again.
func TestTornLastLine(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 2)
	whole, head := text(t, root, Name), text(t, root, headName)
	written(t, root, k, 1)
	longer := text(t, root, Name)
	for cut := len(whole); cut < len(longer); cut++ {
		root.WriteFile(Name, longer[:cut], 0o600)
		root.WriteFile(headName, head, 0o600)
		written(t, root, k, 1)
		if got, err := Read(root, k); err != nil || len(got) != 3 {
			t.Fatalf("cut at byte %d of %d: %d records, %v", cut, len(longer), len(got), err)
		}
	}
	// The line is whole and the head not yet written.
	root.WriteFile(Name, longer, 0o600)
	root.WriteFile(headName, head, 0o600)
	if got, err := Read(root, k); err != nil || len(got) != 3 {
		t.Errorf("the head is one record behind: %d records, %v", len(got), err)
	}
}

// Records that are written together are torn at any byte as one is; and that some of them
// may be there without a head that names them lets no older head pass.
func TestTornTogether(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 2)
	whole, head := text(t, root, Name), text(t, root, headName)
	j, err := Open(root, k, disk.Disk{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.AddAll([]Record{{Step: "a"}, {Step: "b"}, {Step: "c"}}); err != nil {
		t.Fatal(err)
	}
	j.Close()
	longer := text(t, root, Name)
	for cut := len(whole); cut <= len(longer); cut++ {
		root.WriteFile(Name, longer[:cut], 0o600)
		root.WriteFile(headName, head, 0o600)
		written(t, root, k, 1)
		want := 3 + bytes.Count(longer[len(whole):cut], []byte("\n"))
		if got, err := Read(root, k); err != nil || len(got) != want {
			t.Fatalf("cut at byte %d of %d: %d records and not %d, %v", cut, len(longer), len(got), want, err)
		}
	}
	root.WriteFile(headName, head, 0o600)
	if _, err := Read(root, k); !errors.Is(err, ErrTampered) {
		t.Errorf("a head from before what was written together, and more: %v", err)
	}
}

// Whatever else is changed is refused: every byte, every line taken out, put in twice
// or exchanged, the end cut off, an older head, another key.
func TestTampering(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 4)
	whole, head := text(t, root, Name), text(t, root, headName)
	lines := slices.Collect(bytes.Lines(whole))
	refused := 0
	try := func(what string, journal, headText []byte) {
		t.Helper()
		root.WriteFile(Name, journal, 0o600)
		root.WriteFile(headName, headText, 0o600)
		if _, err := Read(root, k); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", what, err)
		}
		refused++
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		if changed[i] == '\n' || whole[i] == '\n' {
			continue // makes and breaks lines: below
		}
		try(fmt.Sprintf("byte %d flipped", i), changed, head)
	}
	for i := range lines {
		try(fmt.Sprintf("line %d taken out", i+1), bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil), head)
		try(fmt.Sprintf("line %d twice", i+1), bytes.Join(slices.Insert(slices.Clone(lines), i, lines[i]), nil), head)
	}
	try("lines exchanged", bytes.Join([][]byte{lines[1], lines[0], lines[2], lines[3]}, nil), head)
	try("all cut off", nil, head)
	try("the end cut off", bytes.Join(lines[:3], nil), head)
	try("the end cut off in a line", whole[:len(whole)-len(lines[3])-5], head)
	try("a space more", bytes.Replace(whole, []byte(`,"step"`), []byte(`, "step"`), 1), head)
	try("a field twice", bytes.Replace(whole, []byte(`"seq":1,`), []byte(`"seq":1,"seq":1,`), 1), head)
	try("no head any more, of four records", whole, nil)
	var h struct {
		Seq  int    `json:"seq"`
		Last string `json:"last"`
		MAC  string `json:"mac"`
	}
	json.Unmarshal(head, &h)
	h.Seq = 2
	forged, _ := json.Marshal(h)
	try("a head of one's own", bytes.Join(lines[:2], nil), forged)
	root.WriteFile(Name, whole, 0o600)
	root.WriteFile(headName, head, 0o600)
	if _, err := Read(root, testKey(t, 2)); !errors.Is(err, ErrTampered) {
		t.Errorf("another key: %v", err)
	}
	if refused < 500 {
		t.Errorf("only %d changes were tried", refused)
	}
}

// An older head beside a longer journal, which somebody put back.
func TestOlderHead(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 1)
	head := text(t, root, headName)
	written(t, root, k, 3)
	root.WriteFile(headName, head, 0o600)
	if _, err := Read(root, k); !errors.Is(err, ErrTampered) {
		t.Error(err)
	}
}

// Crashes between a line and its head, one after the other, are no tampering.
func TestCrashedTwice(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 1)
	for range 3 {
		head := text(t, root, headName)
		j, err := Open(root, k, disk.Disk{})
		if err != nil {
			t.Fatal(err)
		}
		mended := text(t, root, headName)
		if err := j.Add(Record{Phase: Intent}); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if bytes.Equal(head, text(t, root, headName)) {
			t.Fatal("the head does not move")
		}
		root.WriteFile(headName, mended, 0o600)
	}
	if got, err := Read(root, k); err != nil || len(got) != 4 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

// A disk that is full, at any step of a record, ends the journal before the act, and
// it can be gone on with once there is room.
func TestFullDisk(t *testing.T) {
	full := errors.New("no space left on device")
	for at := 1; ; at++ {
		root, k := testRoot(t), testKey(t, 1)
		written(t, root, k, 1)
		steps := 0
		j, err := Open(root, k, disk.Disk{Watch: func(disk.Step) error {
			if steps++; steps == at {
				return full
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = j.Add(Record{Phase: Intent})
		if err == nil {
			if at < 10 {
				t.Errorf("a record takes %d steps only", at)
			}
			j.Close()
			return
		}
		if !errors.Is(err, full) || !errors.Is(j.Add(Record{Phase: Effect}), full) {
			t.Errorf("step %d: %v; then a record is taken", at, err)
		}
		j.Close()
		written(t, root, k, 1)
		if got, err := Read(root, k); err != nil || len(got) < 2 {
			t.Errorf("step %d: after room was made: %d records, %v", at, len(got), err)
		}
	}
}

func TestExport(t *testing.T) {
	root, k := testRoot(t), testKey(t, 1)
	written(t, root, k, 2)
	records, err := Read(root, k)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Export(&out, records); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	var e map[string]any
	if err := json.Unmarshal([]byte(lines[1]), &e); err != nil {
		t.Fatal(err)
	}
	// CloudEvents 1.0.2, "Required Attributes".
	for _, name := range []string{"id", "source", "specversion", "type"} {
		if s, _ := e[name].(string); s == "" {
			t.Errorf("the event lacks %s: %s", name, lines[1])
		}
	}
}
