package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/state"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// remembering is a scan that --state makes cheaper: where nothing changed since the
// last one its report is told again, and where something did, objects that were
// looked at then are not probed again. What is told is the same either way.
type remembering struct {
	file    string
	repo    *gitsource.Repo
	now     state.State // this scan's keys
	folders []string    // what now.World was taken of
	fresh   *gitsource.Memory
	ended   bool // the scan came to its end by itself
	foreign bool // the file is not ours to overwrite
	warn    func(format string, args ...any)
}

// checkState refuses --state for what there is nothing to remember of.
func (f *scanFlags) checkState(t target) error {
	switch {
	case f.output.reveal:
		return errors.New("--reveal: a state holds no values: scan without --state")
	case t.remembers == nil:
		return errors.New("--state is for a repository as a whole")
	case isSpecial(f.state):
		return fmt.Errorf("--state: %s is no file", f.state)
	}
	return nil
}

// remember reads the state. Where the world is as it was, doc is the report.
func (a *app) remember(f *scanFlags, j *job, began time.Time) (r *remembering, doc *report.Document, err error) {
	if err := f.checkState(j.target); err != nil {
		return nil, nil, err
	}
	r = &remembering{file: f.state, repo: j.target.remembers, warn: a.say}
	if f.output.quiet {
		r.warn = func(string, ...any) {}
	}
	if err := r.look(j, began); err != nil {
		return nil, nil, err
	}
	old, doc := r.read()
	if doc != nil {
		doc.Elapsed = time.Since(began)
		return r, doc, nil
	}
	r.fresh = r.repo.Remember(old)
	j.atEnd = func() { r.ended = true }
	return r, nil, nil
}

// look computes this scan's keys. Only the state's own place can be an error.
func (r *remembering) look(j *job, began time.Time) error {
	r.folders, _ = r.repo.Folders()
	if work := r.repo.WorkTree(); work != "" {
		r.folders = append(r.folders, work)
	}
	if inside, err := state.Covers(r.folders, []string{filepath.Dir(r.file)}); err != nil {
		return fmt.Errorf("--state: %w", err)
	} else if inside {
		return fmt.Errorf("--state: %s lies in what is scanned, and who changes that could change it too: keep it elsewhere", r.file)
	}
	r.now.Repository, r.now.Rules = j.repositoryKey(), j.rulesKey()
	world, err := state.World(r.folders, began)
	if _, all := r.repo.Folders(); all && err == nil { // else every scan is a new one
		r.now.World = j.worldKey(r.now, world)
	}
	return nil
}

// read is what the file has for this scan: the report, or else what is known of
// objects.
func (r *remembering) read() (*gitsource.Memory, *report.Document) {
	f, err := state.Open(r.file)
	if err != nil {
		r.foreign = errors.Is(err, state.ErrForeign)
		if !errors.Is(err, fs.ErrNotExist) {
			r.refuse(err)
		}
		return nil, nil
	}
	defer f.Close()
	switch {
	case f.Repository != r.now.Repository:
		r.refuse(errors.New("it is of another repository"))
	case f.Rules != r.now.Rules:
		r.refuse(errors.New("it is of other rules or options, or of another oakum"))
	case f.World == r.now.World && f.World != state.Key{}:
		doc, err := readDocument(f)
		if err == nil {
			return nil, doc
		}
		r.refuse(err)
	default:
		old, err := readMemory(f)
		if err == nil {
			return old, nil
		}
		r.refuse(err)
	}
	return nil, nil
}

func (r *remembering) refuse(why error) {
	if r.foreign {
		r.warn("the state %s: %s: everything is scanned, and the file is left as it is", r.file, why)
		return
	}
	r.warn("the state %s cannot be used: %s: everything is scanned", r.file, why)
}

// gcTelling is for the rest of a process that only tells a stored report, which is
// done before a collector that runs as often as usual has freed anything of use.
const gcTelling = 800

func readDocument(f *state.File) (*report.Document, error) {
	debug.SetGCPercent(gcTelling)
	b, err := f.ReadReport()
	if err != nil {
		return nil, err
	}
	return report.Read(bytes.NewReader(b))
}

func readMemory(f *state.File) (*gitsource.Memory, error) {
	b, err := f.ReadObjects()
	if err != nil {
		return nil, err
	}
	m := &gitsource.Memory{}
	return m, m.UnmarshalBinary(b)
}

// keep writes the state of a scan that came to its end.
func (r *remembering) keep(doc *report.Document) {
	if !r.ended || r.foreign {
		return
	}
	if err := r.write(doc); err != nil {
		r.warn("write the state: %s: the next scan will not be quicker", err)
	}
}

func (r *remembering) write(doc *report.Document) (err error) {
	if !r.settled(doc) {
		r.now.World = state.Key{}
	}
	if r.now.World != (state.Key{}) {
		if r.now.Report, err = json.Marshal(doc); err != nil {
			return err
		}
	}
	if r.now.Objects, err = r.fresh.MarshalBinary(); err != nil {
		return err
	}
	return writeWhole(r.file, r.now.Marshal(), 0o600)
}

// passing are the gaps for which the same files may be read the next time.
var passing = []string{leak.GapUnreadable, leak.GapChanged, leak.GapInterrupt}

// settled tells whether a scan of the same files would tell what doc does.
func (r *remembering) settled(doc *report.Document) bool {
	for _, code := range passing {
		if doc.Summary.Gaps[code] > 0 {
			return false
		}
	}
	folders, all := r.repo.Folders() // submodules' alternates are known now
	covered, err := state.Covers(r.folders, folders)
	return all && covered && err == nil
}

// repositoryKey says which repository it is: the one at its place.
func (j *job) repositoryKey() state.Key {
	dir := j.target.remembers.GitDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return sha256.Sum256([]byte(dir))
}

// rulesKey says what decides where in a text the scanner has to look.
func (j *job) rulesKey() state.Key {
	return keyOf(programOf(), j.options.MaxSize, j.options.MinProof, j.options.MinConfidence, j.options.NoInline, j.options.NoDecode, j.options.NoUnpack, j.options.Archives, j.config.ruleWords.Sum(nil))
}

// worldKey says what a report depends on, beside the world's fingerprint. An entry
// of a list, and a token that says when it expires, are valid until the end of a day.
func (j *job) worldKey(s state.State, world state.Key) state.Key {
	return keyOf(s.Repository, s.Rules, world, j.options.Now, j.policy.Sum(), j.about, j.requireComplete, j.unused, os.Getuid(),
		j.target.info, j.target.root, j.target.where, j.target.whole, j.config.listWords.Sum(nil), j.config.notices)
}

// keyOf is a hash over values, as JSON has them.
func keyOf(values ...any) state.Key {
	b, err := json.Marshal(values)
	if err != nil {
		return state.Key{} // fits nothing
	}
	return sha256.Sum256(b)
}

// programOf tells this oakum from others. What was built from a checkout that had
// changes has no name of its own, but a file.
func programOf() []any {
	tool := toolOf()
	if tool.Version != "devel" {
		return []any{tool}
	}
	name, err := os.Executable()
	if err != nil {
		return []any{tool}
	}
	info, err := os.Stat(name)
	if err != nil {
		return []any{tool}
	}
	return []any{tool, name, info.Size(), info.ModTime()}
}
