package remediate

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/locate"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
)

// sample is a project that leaks: one password in three files, a key pair, a token.
func sample() map[string]string {
	pair := leaktest.Must(11, "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\n")
	password := leaktest.Must(12, `{{alnum 20}}`)
	token := leaktest.Must(13, `{{github "ghp_"}}`)
	return map[string]string{
		".env":                  "# local\nPORT=8080\nDB_PASSWORD=" + password + "\n" + pair,
		"config.json":           "{\n  \"port\": 8080,\n  \"database\": {\"user\": \"orders\", \"password\": \"" + password + "\"}\n}\n",
		"deploy/production.yml": "service: orders\r\ngithub_token: " + token + "\r\ndb_password: '" + password + "'\r\n",
		"notes.txt":             "nothing to see here\n",
		"deploy/run.sh":         "#!/bin/sh\nexec node server.js\n",
	}
}

// values are what must not be told, as they stand in the sample.
func sampleValues(t testing.TB) (all []string) {
	t.Helper()
	for line := range strings.Lines(sample()[".env"]) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && name != "PORT" && name != "AWS_ACCESS_KEY_ID" {
			all = append(all, value)
		}
	}
	all = append(all, leaktest.Must(13, `{{github "ghp_"}}`))
	if len(all) != 3 {
		t.Fatalf("%d values in the sample", len(all))
	}
	return all
}

func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		mode := fs.FileMode(0o644)
		if name == ".env" {
			mode = 0o600
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is everything below a folder, modes included; .git is left out.
func treeOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = fmt.Sprintf("%v\n%s", info.Mode(), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// world is a project, a store, and what is told on the way.
type world struct {
	t     testing.TB
	dir   string
	state string
	store *storetest.Memory
	said  strings.Builder
	count int                   // of the steps that can be the last
	at    func(count int) error // what happens at a step; nil: nothing
	batch bool                  // the store takes several entries in one write
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "orders"), state: t.TempDir(), store: &storetest.Memory{}}
	writeFiles(t, w.dir, sample())
	return w
}

// again puts everything back to the beginning; plans of the folder stay good.
func (w *world) again() {
	w.t.Helper()
	for _, dir := range []string{w.dir, w.state} {
		if err := os.RemoveAll(dir); err != nil {
			w.t.Fatal(err)
		}
	}
	writeFiles(w.t, w.dir, sample())
	w.store, w.at = &storetest.Memory{}, nil
}

func (w *world) step() error {
	w.count++
	if w.at == nil {
		return nil
	}
	return w.at(w.count)
}

func (w *world) tools() *Tools {
	k, err := key.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		w.t.Fatal(err)
	}
	return &Tools{
		Key: k, State: w.state, Version: "test", Who: "ada@laptop",
		Open:  func(context.Context, string, string) (store.Driver, error) { return w.driver(), nil },
		Check: check,
		Say:   func(format string, args ...any) { fmt.Fprintf(&w.said, format+"\n", args...) },
		Disk:  disk.Disk{Watch: func(disk.Step) error { return w.step() }, Sync: func(*os.File) error { return nil }},
	}
}

func (w *world) driver() store.Driver {
	if w.batch {
		return batching{stepping{w.store, w}}
	}
	return stepping{w.store, w}
}

// batching is a stepping store that takes several new entries at once.
type batching struct{ stepping }

func (b batching) WriteAll(ctx context.Context, all []store.Write) error {
	if err := b.w.step(); err != nil {
		return err
	}
	for _, w := range all {
		if _, err := b.Memory.Stat(ctx, w.Name); store.CodeOf(err) != store.NotFound {
			return store.Failf(store.AlreadyExists, "the name is taken")
		}
	}
	for _, w := range all {
		if _, err := b.Memory.Write(ctx, w); err != nil {
			return err
		}
	}
	return b.w.step()
}

// stepping is a store each of whose calls can be the last thing that happens, before
// or after it took effect.
type stepping struct {
	*storetest.Memory
	w *world
}

func (s stepping) Read(ctx context.Context, name, version string) (e store.Entry, v leak.Secret, err error) {
	if err := s.w.step(); err != nil {
		return e, v, err
	}
	e, v, err = s.Memory.Read(ctx, name, version)
	if stop := s.w.step(); stop != nil {
		return e, v, stop
	}
	return e, v, err
}

func (s stepping) Write(ctx context.Context, w store.Write) (string, error) {
	if err := s.w.step(); err != nil {
		return "", err
	}
	version, err := s.Memory.Write(ctx, w)
	if stop := s.w.step(); stop != nil {
		return "", stop
	}
	return version, err
}

func (s stepping) Delete(ctx context.Context, name, version string) error {
	if err := s.w.step(); err != nil {
		return err
	}
	err := s.Memory.Delete(ctx, name, version)
	if stop := s.w.step(); stop != nil {
		return stop
	}
	return err
}

// found are the values in the world's files, as a scan tells of them.
func (w *world) found() []Found {
	w.t.Helper()
	findings, err := scan(w.t.Context(), filesource.New([]filesource.Root{{Path: w.dir}}, filesource.Options{SkipGit: true}))
	if err != nil {
		w.t.Fatal(err)
	}
	values, _, err := locate.Values(w.t.Context(), w.dir, findings)
	if err != nil {
		w.t.Fatal(err)
	}
	return []Found{{Dir: w.dir, Values: values}}
}

func scan(ctx context.Context, src scanner.Source) (all []*leak.Finding, err error) {
	_, err = scanner.New(builtin.Set(), scanner.Options{}).Scan(ctx, src, func(e scanner.Event) error {
		if e.Finding != nil {
			all = append(all, e.Finding)
		}
		return nil
	})
	return all, err
}

func check(ctx context.Context, _ string, texts map[string][]byte) ([]*leak.Finding, error) {
	return scan(ctx, inMemory(texts))
}

type inMemory map[string][]byte

func (m inMemory) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for name, text := range m {
			b := scanner.Blob{Place: leak.File{Name: name}, Size: int64(len(text)), Open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(text)), nil
			}}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// planned is a plan of the world, as a file.
func (w *world) planned(wish Wish) (*Plan, []byte) {
	w.t.Helper()
	p, err := w.tools().Plan(w.t.Context(), w.found(), wish)
	if err != nil {
		w.t.Fatal(err)
	}
	file, err := signed.Encode(p)
	if err != nil {
		w.t.Fatal(err)
	}
	return p, file
}

// kept is what the store holds: values, and how often each name was written.
func (w *world) kept() string {
	var lines []string
	for name, value := range w.store.Names() {
		value.Reveal(func(b []byte) error {
			lines = append(lines, fmt.Sprintf("%s v%d %s", name, w.store.Versions(name), b))
			return nil
		})
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// silent looks for the sample's values, in the forms in which programs write them, in
// everything that a run told or left behind.
func (w *world) silent(texts ...string) {
	w.t.Helper()
	texts = append(texts, w.said.String())
	for name, content := range treeOf(w.t, w.state) {
		texts = append(texts, name, content)
	}
	for _, v := range sampleValues(w.t) {
		for _, form := range []string{v, base64.StdEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v)),
			hex.EncodeToString([]byte(v)), url.QueryEscape(v), fmt.Sprintf("%q", v)[1 : len(v)-1]} {
			for _, text := range texts {
				if strings.Contains(text, form) {
					w.t.Errorf("a value stands in %.300q", text)
				}
			}
		}
	}
}

// commit makes the world's folder a repository.
func (w *world) commit() {
	w.t.Helper()
	w.git("init", "-q", "-b", "main")
	w.git("add", "-A")
	w.git("commit", "-q", "-m", "orders")
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", w.dir, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "core.autocrlf=false"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// Describe lends the store a reference that programs know.
func (s stepping) Describe(ctx context.Context) (store.Description, error) {
	d, err := s.Memory.Describe(ctx)
	d.Ref.Prefix = "ref+awssecrets://"
	return d, err
}

func (w *world) apply(file []byte) error {
	_, err := w.tools().Apply(w.t.Context(), file, "")
	return err
}

// put stores somebody else's value.
func (w *world) put(name, value string) {
	w.t.Helper()
	_, err := w.store.Write(w.t.Context(), store.Write{Name: name, Value: leak.NewSecret([]byte(value)), Token: "theirs"})
	if err != nil {
		w.t.Fatal(err)
	}
}
