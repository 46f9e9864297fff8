package gitsource_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// TestNarrowHidingPlaces holds the scan of packs to what the plain one tells, in
// the repository that has a secret in every place there is.
func TestNarrowHidingPlaces(t *testing.T) {
	eachFormat(t, func(t *testing.T, f object.Format) {
		s, _ := hide(t, f)
		for _, way := range []string{"loose", "packed"} {
			if way == "packed" {
				s.git("repack", "-q", "-a", "-d", "-k")
			}
			r := s.open(gitsource.Options{})
			sourcetest.Run(t, builtin.Set(), len(s.look(r).lines), func(*testing.T) scanner.Source { return r })
			s.wantNarrowed(t)
		}
	})
}

// TestNarrowHistories does the same with histories of edited files, packed in many
// ways, and asks git for the objects as well. Most ways leave all objects as they are
// to the last byte: what git tells of them is not scanned again then.
func TestNarrowHistories(t *testing.T) {
	ways := [][]string{
		nil, // loose, as fast-import leaves what is small
		{"repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=30"},
		{"repack", "-q", "-a", "-d", "-f", "--depth=4", "--window=10"},
		{"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f", "--depth=250", "--window=100"},
		{"multi-pack-index", "write"},
	}
	eachFormat(t, func(t *testing.T, f object.Format) {
		for seed := range uint64(2) {
			s := editedHistory(t, f, seed)
			var all objects
			var want telling
			for _, way := range ways {
				if way != nil {
					s.git(way...)
				}
				got := s.narrowed(t)
				if got.n < 100 || got.err != nil {
					t.Fatalf("seed %d: %d findings are too few to mean anything: %v", seed, got.n, got.err)
				}
				if now := s.raw(t, "cat-file", "--batch-all-objects", "--batch"); !bytes.Equal(now, all) {
					all, want = now, tell(t, objects(now))
				}
				if want.err != nil {
					t.Fatal(want.err)
				}
				wantAsGitTells(t, got.found, want.found)
			}
		}
	})
}

// wantNarrowed compares the two ways of a Repo, and returns how much it told.
func (s *sandbox) wantNarrowed(t *testing.T) int {
	t.Helper()
	return s.narrowed(t).n
}

// narrowed is what the scan of packs tells, held to what the plain one does.
func (s *sandbox) narrowed(t *testing.T) telling {
	t.Helper()
	r := s.open(gitsource.Options{})
	narrowed, plain := tell(t, r), tell(t, struct{ scanner.Source }{r})
	if narrowed.text != plain.text {
		t.Errorf("plain:\n%s\nnarrowed:\n%s", plain.text, narrowed.text)
	}
	return narrowed
}

// telling is what a scan tells: as text, how many findings are in it, and those in
// objects, as (object, rule, span, value's tag).
type telling struct {
	text  string
	n     int
	found map[string]bool
	err   error
}

func tell(t *testing.T, src scanner.Source) telling {
	t.Helper()
	var out strings.Builder
	told := telling{found: map[string]bool{}}
	sum, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		if e.Progress != nil {
			return nil
		}
		if e.Finding != nil {
			told.n++
			told.note(e.Finding)
		}
		line, err := json.Marshal(e)
		fmt.Fprintf(&out, "%s\n", line)
		return err
	})
	fmt.Fprintf(&out, "%+v %v", sum, err)
	told.text, told.err = out.String(), err
	return told
}

func (told *telling) note(f *leak.Finding) {
	object := ""
	switch p := f.Place.(type) {
	case leak.GitBlob:
		object = p.Blob
	case leak.GitMessage:
		object = p.Object
	}
	if !slices.Contains(f.Notes, "in the file's name") {
		told.found[fmt.Sprint(object, f.Rule, f.Span, f.Secret.Tag([]byte("test")))] = true
	}
}

// told is what a scan tells, as text, and how many findings are in it.
func told(t *testing.T, src scanner.Source) (text string, n int) {
	t.Helper()
	all := tell(t, src)
	return all.text, all.n
}

// wantAsGitTells compares with a scan of what git itself unpacks.
func wantAsGitTells(t *testing.T, got, want map[string]bool) {
	t.Helper()
	for f := range got {
		if !want[f] {
			t.Errorf("not in what git tells: %s", f)
		}
	}
	for f := range want {
		if !got[f] {
			t.Errorf("git has it, the scan of packs does not: %s", f)
		}
	}
}

// raw is what git prints, to the last byte.
func (s *sandbox) raw(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", s.dir}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// objects is a Source of what git cat-file --batch printed, trees left out.
type objects []byte

func (o objects) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		in := bufio.NewReader(bytes.NewReader(o))
		for {
			var id, kind string
			var size int
			if _, err := fmt.Fscanf(in, "%s %s %d\n", &id, &kind, &size); err != nil {
				return
			}
			content := make([]byte, size)
			if _, err := io.ReadFull(in, content); err != nil {
				yield(scanner.Blob{}, err)
				return
			}
			in.ReadByte()
			b := scanner.Blob{Place: leak.GitBlob{Blob: id}, Size: int64(size), Open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(content)), nil
			}}
			if kind != "tree" && !yield(b, nil) {
				return
			}
		}
	}
}

// editor makes the versions of files that delta chains are made of.
type editor struct {
	rng   *rand.Rand
	seed  uint64
	files map[string][]string // lines
}

// editedHistory imports commits that edit some files of a few hundred lines line
// by line, move blocks in and between them, rename and merge. Among the lines are
// credentials of many shapes, encoded ones and long ones too.
func editedHistory(t *testing.T, f object.Format, seed uint64) *sandbox {
	const commits = 80
	e := &editor{rng: rand.New(rand.NewPCG(seed, 6)), seed: seed * 1000, files: map[string][]string{}}
	for _, name := range []string{"app.py", "conf/prod.yml", "lib/util.go", "notes.md", "min.js", "wide.txt", "blob.bin"} {
		for range 100 + e.rng.IntN(300) {
			e.files[name] = append(e.files[name], e.line())
		}
	}
	s := newSandbox(t, f)
	var in strings.Builder
	for n := 1; n <= commits; n++ {
		fmt.Fprintf(&in, "commit refs/heads/main\nmark :%d\ncommitter C <c@example.org> %d +0000\ndata 2\nm\n", n, 1600000000+100*n)
		if n > 10 && n%10 == 0 {
			fmt.Fprintf(&in, "merge :%d\n", n-7)
		}
		for range 1 + e.rng.IntN(3) {
			name := slices.Sorted(maps.Keys(e.files))[e.rng.IntN(len(e.files))]
			if e.rng.IntN(25) == 0 {
				to := fmt.Sprintf("moved/%d", n)
				e.files[to] = e.files[name]
				delete(e.files, name)
				fmt.Fprintf(&in, "D %s\n", name)
				name = to
			}
			e.edit(name)
			text := e.text(name)
			fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
		}
		in.WriteString("\n")
	}
	s.feed(in.String(), "fast-import", "--quiet")
	return s
}

// edit changes a few places of a file.
func (e *editor) edit(name string) {
	lines := slices.Clone(e.files[name])
	for range 1 + e.rng.IntN(6) {
		at := e.rng.IntN(len(lines))
		switch e.rng.IntN(5) {
		case 0:
			lines = slices.Insert(lines, at, e.line())
		case 1:
			lines[at] = e.line()
		case 2:
			lines = slices.Delete(lines, at, min(len(lines), at+1+e.rng.IntN(5)))
		case 3:
			from := e.rng.IntN(len(lines))
			lines = slices.Insert(lines, at, slices.Clone(lines[from:min(len(lines), from+1+e.rng.IntN(20))])...)
		case 4: // inside a line: the middle of a value, too
			if l := lines[at]; len(l) > 2 {
				i := 1 + e.rng.IntN(len(l)-2)
				lines[at] = l[:i] + "x" + l[i+1:]
			}
		}
		if len(lines) < 20 {
			lines = append(lines, e.line(), e.line(), e.line())
		}
	}
	e.files[name] = lines
}

// text is a file as it is stored.
func (e *editor) text(name string) string {
	lines := e.files[name]
	switch name {
	case "min.js":
		return strings.Join(lines, ";")
	case "wide.txt":
		return string(utf16le(strings.Join(lines, "\r\n")))
	case "blob.bin":
		return "\x00\x01\x02" + strings.Join(lines, "\x00")
	}
	return strings.Join(lines, "\n") + "\n"
}

// line is mostly harmless.
func (e *editor) line() string {
	e.seed++
	plain := func(tmpl string) string { return leaktest.Must(e.seed, tmpl) }
	token := `{{github "ghp_"}}`
	switch e.rng.IntN(40) {
	case 0:
		return plain(`token = "` + token + `"`)
	case 1:
		return plain(`aws_access_key_id = {{awsID "AKIA"}}`) + "\n" + plain(`aws_secret_access_key = {{awsSecret}}`)
	case 2:
		return plain(`  password: "{{randomPassword 20}}"`)
	case 3:
		return "data: " + base64.StdEncoding.EncodeToString([]byte(plain(`some text before the value `+token+` and behind it`)))
	case 4:
		return plain(`{{pem "EC"}}`)
	case 5:
		return "https://x.example/?q=" + url.QueryEscape(plain(`a "quoted" `+token))
	case 6:
		j, _ := json.Marshal(plain("line\n<b>" + token + "</b>"))
		return "json = " + string(j)
	case 7:
		return plain(`url: postgres://user:{{alnum 16}}@db.example.org:5432/x`)
	case 8:
		return "long = " + strings.Repeat(plain(`{{alnum 30}} `), 20)
	case 9:
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("words that nobody has to hide; ", 20+e.rng.IntN(80))))
	}
	words := []string{"if err != nil {", "return x, y", "the quick brown fox", "key", "password", "def f(self):", "}", "", "AKIA", "ghp_", "    total += 1"}
	return words[e.rng.IntN(len(words))] + fmt.Sprint(" ", e.rng.IntN(1000))
}
