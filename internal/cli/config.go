package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/rules/rulefile"
	"github.com/oakum-sec/oakum/scanner"
)

// The files of a target that configure oakum, if they count. Of the two
// configurations the first one that is there is taken.
var (
	configNames = []string{".oakum.toml", ".gitleaks.toml"}
	listNames   = []string{allow.FileName, allow.IgnoreName}
)

func ownNames() []string { return slices.Concat(configNames, listNames) }

// files reads a target's own file by its name; the error is fs.ErrNotExist's
// where there is none.
type files func(name string) ([]byte, error)

// word says whose word counts: what the user named himself, always; the target's
// own files, only where obeys says so.
type word struct {
	config, baseline, allowFile, ignoreFile string // files the user named

	configText string // a configuration that the user handed over as text, in the place of a file

	named files // reads what the user named; nil: as it lies on disk. Its error is errNotBefore's where a gate has no such file
	own   files // of the target; nil: it has none
	obeys func(name string, content []byte) (bool, error)
	// where begins the names of own files in messages ("A:" in a range); target
	// is what `oakum trust` would be given.
	where, target string
	now           time.Time

	base string                  // begins the names that other tools give to the target's files
	gone func(place string) bool // tells that the target has no such file now; nil: that is not known
}

// configuration is what the user, and what he trusts, has said.
type configuration struct {
	set      *rules.Set
	lists    []allow.List
	allowed  *allow.File // nil: there is none
	baseline allow.List  // likewise
	notices  []report.Notice

	known       scanner.Known // nil: there is none
	knownFrom   string        // the index's file
	knownValues int

	ruleWords, listWords hash.Hash // of the files that count, as they are
}

// hear hashes a file that counts.
func hear(h hash.Hash, name string, content []byte) {
	fmt.Fprintf(h, "%q %d\n", name, len(content))
	h.Write(content)
}

// configure reads everything that w lets count and names what it does not.
func configure(w word) (*configuration, error) {
	c := &configuration{ruleWords: sha256.New(), listWords: sha256.New()}
	own, err := c.ownFiles(w)
	if err != nil {
		return nil, err
	}
	if err := c.rules(w, own); err != nil {
		return nil, err
	}
	return c, c.readLists(w, own)
}

// ownFiles reads the target's files that count. The others become one notice.
func (c *configuration) ownFiles(w word) (map[string][]byte, error) {
	own, refused := map[string][]byte{}, []string(nil)
	if w.own == nil {
		return own, nil
	}
	for _, name := range ownNames() {
		content, err := w.own(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		obeyed := false
		if err == nil {
			obeyed, err = w.obeys(name, content)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("read %s%s: %w", w.where, name, err)
		case obeyed:
			own[name] = content
		case !w.overrides(name):
			refused = append(refused, name)
		}
	}
	if len(refused) > 0 {
		c.notices = append(c.notices, report.Notice{
			Code: report.NoticeUntrusted,
			Text: fmt.Sprintf("%s: found, not obeyed: nobody has trusted it here as it is now", strings.Join(refused, ", ")),
			Do:   "oakum trust " + w.target,
		})
	}
	return own, nil
}

// overrides tells whether the user named a file of his own for this purpose.
func (w word) overrides(name string) bool {
	switch name {
	case allow.FileName:
		return w.allowFile != ""
	case allow.IgnoreName:
		return w.ignoreFile != ""
	}
	return w.config != "" || w.configText != ""
}

// rules picks the rule set: the configuration's, or the built-in one, whose
// compiled form costs nothing until it is used.
func (c *configuration) rules(w word, own map[string][]byte) error {
	if w.config != "" {
		content, err := c.readNamed(w, w.config)
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		if content != nil {
			return c.compile(w.config, content, w.reader())
		}
	}
	if w.configText != "" {
		return c.compile("the configuration in the environment", []byte(w.configText), os.ReadFile)
	}
	for _, name := range configNames {
		if content, ok := own[name]; ok {
			return c.compile(w.where+name, content, nil)
		}
	}
	c.set = builtin.Set()
	return nil
}

// compile makes a set of a configuration file. open reads the file that it
// extends; a target's own file may name none, since trust covers it alone.
func (c *configuration) compile(name string, content []byte, open func(string) ([]byte, error)) error {
	hear(c.ruleWords, name, content)
	parsed, err := rulefile.Parse(name, content)
	if err != nil {
		return err
	}
	if parsed.AddsNothing() {
		c.set = builtin.Set() // whose compiled form costs nothing, as without a file
		return nil
	}
	base, err := builtin.Rules()
	if err != nil {
		return err
	}
	if named := open; named != nil {
		open = func(name string) ([]byte, error) {
			content, err := named(name)
			hear(c.ruleWords, name, content)
			return content, err
		}
	}
	merged, notices, err := parsed.Merge(base, open)
	if err != nil {
		return err
	}
	for _, n := range notices {
		c.notices = append(c.notices, report.Notice{Code: report.NoticeConfig, Text: n})
	}
	c.set, err = rules.Compile(merged)
	return err
}

// readLists reads what suppresses: allow file, baseline, .gitleaksignore.
func (c *configuration) readLists(w word, own map[string][]byte) error {
	name, content := w.where+allow.FileName, own[allow.FileName]
	if w.allowFile != "" {
		var err error
		name = w.allowFile
		if content, err = c.readNamed(w, name); err != nil {
			return fmt.Errorf("read allow file: %w", err)
		}
	}
	if content != nil {
		hear(c.listWords, name, content)
		f, err := allow.ParseFile(name, content, w.now)
		if err != nil {
			return err
		}
		f.Follow(w.gone)
		c.allowed, c.lists = f, append(c.lists, f)
	}
	if err := c.readIgnore(w, own); err != nil {
		return err
	}
	return c.readBaseline(w)
}

func (c *configuration) readIgnore(w word, own map[string][]byte) error {
	name, content := w.where+allow.IgnoreName, own[allow.IgnoreName]
	if w.ignoreFile != "" {
		var err error
		name = w.ignoreFile
		if content, err = c.readNamed(w, name); err != nil {
			return fmt.Errorf("read ignore file: %w", err)
		}
	}
	if content == nil {
		return nil
	}
	hear(c.listWords, name, content)
	ig, err := allow.ParseIgnore(name, content, allow.IgnoreOptions{Base: w.base, Ours: c.hasRule()})
	if err != nil {
		return err
	}
	c.lists = append(c.lists, ig)
	return nil
}

// errNotBefore is about a file that the user named and only the change has.
var errNotBefore = errors.New("it was not there before the change")

func (w word) reader() files {
	if w.named != nil {
		return w.named
	}
	return os.ReadFile
}

// readNamed reads a file that the user named; nil and a notice where only the
// change that is judged has it.
func (c *configuration) readNamed(w word, file string) ([]byte, error) {
	content, err := w.reader()(file)
	if errors.Is(err, errNotBefore) {
		c.notices = append(c.notices, report.Notice{Code: report.NoticeUntrusted, Text: fmt.Sprintf("%s: named, not obeyed: %s", file, errNotBefore)})
		return nil, nil
	}
	if err == nil && content == nil {
		content = []byte{}
	}
	return content, err
}

func (c *configuration) readBaseline(w word) error {
	if w.baseline == "" {
		return nil
	}
	content, err := c.readNamed(w, w.baseline)
	if err != nil {
		return fmt.Errorf("read baseline: %w", err)
	}
	if content == nil {
		return nil
	}
	hear(c.listWords, w.baseline, content)
	b, err := parseBaseline(w.baseline, content, w)
	if err != nil {
		return err
	}
	c.baseline, c.lists = b, append(c.lists, b)
	return nil
}

// hasRule tells of a rule's id whether the set has it. The set is asked when
// somebody wants to know: its rules are parsed for that.
func (c *configuration) hasRule() func(id string) bool {
	ids := sync.OnceValue(func() map[string]bool {
		all := map[string]bool{}
		for _, r := range c.set.Rules() {
			all[r.ID] = true
		}
		return all
	})
	return func(id string) bool { return ids()[id] }
}

// parseBaseline reads a baseline of ours, or a report or baseline of another tool.
func parseBaseline(name string, content []byte, w word) (allow.List, error) {
	if allow.IsForeign(content) {
		return allow.ParseForeign(name, content, w.base)
	}
	b, err := allow.ParseBaseline(name, content)
	if err != nil {
		return nil, err
	}
	b.Follow(w.gone)
	return b, nil
}
