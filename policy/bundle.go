package policy

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/loader/filter"

	"github.com/oakum-sec/oakum/leak"
)

//go:embed rego
var embedded embed.FS

// bundled is a bundle that was read: its modules by their files, and its data.
type bundled struct {
	modules map[string]*ast.Module // without its tests
	tests   map[string]*ast.Module
	data    map[string]any
}

// maxFile bounds a file of a bundle; OPA's own default is 1 GiB.
const maxFile = 16 << 20

// readBundle reads a bundle's files as OPA lays them out. What it says of other
// packages than the user's own is checked by rules.
func readBundle(name string, files map[string][]byte) (*bundled, error) {
	read, err := bundle.NewCustomReader(&inMemory{files: files, names: slices.Sorted(maps.Keys(files))}).
		WithRegoVersion(ast.RegoV1).
		WithSkipBundleVerification(true).
		WithCapabilities(capabilities()).
		WithBaseDir(folderOf(name)). // begins the places in messages
		WithSizeLimitBytes(maxFile).
		Read()
	if err != nil {
		return nil, err
	}
	b := &bundled{modules: map[string]*ast.Module{}, tests: map[string]*ast.Module{}, data: read.Data}
	for _, m := range read.Modules {
		file := strings.TrimPrefix(m.Path, "/")
		if strings.HasSuffix(file, "_test.rego") {
			b.tests[file] = m.Parsed
		} else {
			b.modules[file] = m.Parsed
		}
	}
	if len(b.modules)+len(b.tests)+len(b.data) == 0 {
		return nil, fmt.Errorf("%s holds neither a .rego file nor a data document", name)
	}
	return b, b.check()
}

// folderOf is where the bundle's files lie, as the user named it: a single module
// is named itself.
func folderOf(name string) string {
	if path.Ext(name) == ".rego" {
		return path.Dir(name)
	}
	return name
}

// reserved are the packages that oakum brings.
var reserved = []string{builtinPackage, "data.oakum.lib"}

// check holds what a policy of one's own must be: its modules leave oakum's
// packages alone, and in package oakum the rules that are asked contain reasons.
func (b *bundled) check() error {
	var list ast.Errors
	for _, file := range slices.Sorted(maps.Keys(b.modules)) {
		m := b.modules[file]
		at := m.Package.Path.String()
		if slices.Contains(reserved, at) {
			list = append(list, ast.NewError(ast.CompileErr, m.Package.Location, "package %s is oakum's own: write yours in package oakum", strings.TrimPrefix(at, "data.")))
		}
		if m.Package.Path.String() != ownPackage {
			continue
		}
		for _, r := range m.Rules {
			if asksFor(string(r.Head.Name)) && r.Head.RuleKind() != ast.MultiValue {
				list = append(list, ast.NewError(ast.CompileErr, r.Location, "rule %s is asked for reasons: write %s contains \"a reason\" if { … }", r.Head.Name, r.Head.Name))
			}
		}
	}
	if len(list) > 0 {
		return list
	}
	if len(b.modules) > 0 && !b.decides() {
		return errors.New("no rule deny, warn, allow, deny_gap, warn_gap or allow_gap in package oakum: this policy decides nothing")
	}
	return nil
}

func asksFor(name string) bool {
	for v := range ownFindingRules {
		if name == ownFindingRules[v] || name == ownGapRules[v] {
			return true
		}
	}
	return false
}

// decides tells whether there is a rule that is asked.
func (b *bundled) decides() bool { return len(b.rules(ownFindingRules))+len(b.rules(ownGapRules)) > 0 }

// rules are those of the names that package oakum has.
func (b *bundled) rules(names map[leak.Verdict]string) map[leak.Verdict]string {
	there := map[leak.Verdict]string{}
	for _, m := range b.modules {
		if m.Package.Path.String() != ownPackage {
			continue
		}
		for _, r := range m.Rules {
			for v, name := range names {
				if string(r.Head.Name) == name {
					there[v] = name
				}
			}
		}
	}
	return there
}

// inMemory hands a bundle's files to OPA's reader, in their order.
type inMemory struct {
	files map[string][]byte
	names []string
}

func (m *inMemory) NextFile() (*bundle.Descriptor, error) {
	for len(m.names) > 0 {
		name := m.names[0]
		m.names = m.names[1:]
		if !Wanted(name) {
			continue
		}
		if len(m.files[name]) > maxFile {
			return nil, fmt.Errorf("%s: %d bytes are more than a policy's file may have (%d)", name, len(m.files[name]), maxFile)
		}
		at := "/" + strings.TrimPrefix(path.Clean(name), "/")
		return bundle.NewDescriptor(at, at, bytes.NewReader(m.files[name])), nil
	}
	return nil, io.EOF
}

// Wanted tells whether the file is a part of a policy. Others may lie beside it:
// a README, a licence.
func Wanted(name string) bool {
	switch base := path.Base(name); base {
	case "data.json", "data.yaml", "data.yml", ".manifest":
		return true
	default:
		return path.Ext(base) == ".rego"
	}
}

// What follows is of an interface for folders; files in memory have neither
// links nor sizes to be told.

func (m *inMemory) WithFilter(filter.LoaderFilter) bundle.DirectoryLoader   { return m }
func (m *inMemory) WithPathFormat(bundle.PathFormat) bundle.DirectoryLoader { return m }
func (m *inMemory) WithSizeLimitBytes(int64) bundle.DirectoryLoader         { return m }
func (m *inMemory) WithFollowSymlinks(bool) bundle.DirectoryLoader          { return m }
