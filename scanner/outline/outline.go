// Package outline tells under which path a place in a structured text stands:
// "spec.containers[0].env.DB_PASSWORD", "database.password".
//
// A path tells a person which of a file's passwords is meant. Parsers that do that
// want a sound file and forget where things stood; here are trackers instead, one
// for each family of formats, that go over a text once and lose their way only where
// it does: a file cut off, a template, a merge conflict cost the path, not the finding.
//
// It promises time in proportion to the text, no error and no panic on any input, and
// that a component of a path that looks random, as a token used for a key does, is told as "*".
//
// Its limits: what a path has in common with the one that a parser would give is its
// names, not a notation: dots are not escaped. YAML's merge keys and aliases are not
// followed. Of a program only the brackets round a place are read, see code.go.
package outline

import (
	"path"
	"strconv"
	"strings"
)

// Format is a family of formats that one tracker reads.
type Format byte

const (
	Unknown Format = iota
	JSON           // and JSON5, JSONC, tfstate
	YAML
	TOML
	INI // sections and name = value
	XML
	HCL
	Code
)

// formats maps a file's ending to its format.
var formats = map[string]Format{
	".json": JSON, ".jsonc": JSON, ".json5": JSON, ".tfstate": JSON, ".webmanifest": JSON, ".har": JSON, ".ipynb": JSON, ".avsc": JSON, ".dockercfg": JSON,
	".yml": YAML, ".yaml": YAML, ".toml": TOML,
	".ini": INI, ".cfg": INI, ".cnf": INI, ".conf": INI, ".config": XML, ".service": INI, ".desktop": INI, ".gitconfig": INI, ".npmrc": INI, ".pypirc": INI, ".repo": INI, ".editorconfig": INI,
	".xml": XML, ".csproj": XML, ".props": XML, ".targets": XML, ".plist": XML, ".pom": XML, ".xsd": XML, ".resx": XML, ".xaml": XML, ".wsdl": XML, ".jsp": XML,
	".tf": HCL, ".tfvars": HCL, ".hcl": HCL, ".nomad": HCL,
	".py": Code, ".js": Code, ".mjs": Code, ".cjs": Code, ".jsx": Code, ".ts": Code, ".tsx": Code, ".go": Code, ".java": Code, ".kt": Code, ".kts": Code, ".scala": Code,
	".groovy": Code, ".cs": Code, ".vb": Code, ".php": Code, ".rb": Code, ".rs": Code, ".swift": Code, ".m": Code, ".dart": Code, ".pl": Code, ".pm": Code, ".lua": Code, ".r": Code, ".ex": Code, ".exs": Code, ".c": Code, ".cc": Code, ".cpp": Code, ".h": Code,
}

// FormatOf tells a file's format by its path. What copies and samples have behind
// their ending is left out: config.json.bak.
func FormatOf(name string) Format {
	base := strings.ToLower(path.Base(name))
	for range 2 {
		ext := path.Ext(base)
		if f, ok := formats[ext]; ok {
			return f
		}
		base = strings.TrimSuffix(base, ext)
	}
	return Unknown
}

// Place is where a value stands: its first byte, the name that it was found under,
// and where that begins; the value's own offset where that is not known.
type Place struct {
	Value, Key int
	Name       string
}

// Paths gives the path of each place, which must be in the order of their values.
// "" where none is known, or none that says more than the name.
func Paths(f Format, text []byte, places []Place) []string {
	if f == Code {
		out := make([]string, len(places))
		for i, p := range places {
			out[i] = enclosing(text, p)
		}
		return out
	}
	t := tracker{text: text, places: places, held: make([]held, len(places))}
	switch f {
	case JSON:
		t.flow(0, len(text), &node{})
	case YAML:
		t.yaml()
	case TOML, INI:
		t.sections(f)
	case XML:
		t.markup()
	case HCL:
		t.hcl()
	}
	return t.paths()
}

// tracker goes over a text and holds what it knows of each place.
type tracker struct {
	text   []byte
	places []Place
	held   []held
	next   int // the first place that lies ahead
}

// held is what is known of a place: the node that it stands in, and under which key
// or index of that.
type held struct {
	in  *node
	key string
	at  int
}

// node is a mapping or a list. named is what its name or key field says, where it
// has one.
type node struct {
	parent *node
	key    string // in the parent, if that is a mapping
	index  int    // in the parent, if that is a list
	list   bool
	named  string
	tag    string // what ends it, where a word does
}

// maxNodes bounds how deep a path may be; deeper ones begin with what is known last.
const maxNodes = 32

// scalar tells that text[from:to] stands under key (or index) of n.
func (t *tracker) scalar(n *node, key string, index, from, to int) {
	for t.next < len(t.places) && t.places[t.next].Value < to {
		if t.places[t.next].Value >= from {
			t.held[t.next] = held{n, key, index}
		}
		t.next++
	}
	if n != nil && n.named == "" && to-from < 96 && to > from && naming([]byte(key)) {
		n.named = string(t.text[from:to])
	}
}

// naming tells whether a key is what lists of pairs call the half that names: name,
// key, ParameterKey.
func naming(key []byte) bool {
	for _, word := range nameFields {
		if len(key) == len(word) && strings.EqualFold(string(key), word) {
			return true
		}
	}
	return false
}

// done tells whether no place lies ahead. A name that stands behind its value is to
// be read all the same, so that the rest of its node is gone over.
func (t *tracker) done(at int) bool {
	return t.next == len(t.places) && (t.next == 0 || at > t.places[t.next-1].Value+lookOn)
}

// lookOn is how far behind a value its name may stand, in bytes.
const lookOn = 512

// nameFields and valueFields are what lists of pairs call their halves.
var (
	nameFields  = []string{"name", "key", "parameterkey"}
	valueFields = map[string]struct{}{"value": {}, "parametervalue": {}, "defaultvalue": {}, "default": {}, "plaintext": {}, "connectionstring": {}}
)

func (t *tracker) paths() []string {
	out := make([]string, len(t.places))
	for i, h := range t.held {
		if h.in != nil {
			out[i] = h.path(t.places[i].Name)
		}
	}
	return out
}

// path is the place's path, with the name that it was found under where that is a
// part of the scalar.
func (h held) path(name string) string {
	own := component(h.key)
	if h.in.list {
		own = ""
	}
	whole := h.in.path()
	_, half := valueFields[strings.ToLower(h.key)]
	switch {
	case half && h.in.named != "" && (name == "" || strings.EqualFold(h.in.named, name) || !h.in.list && !strings.EqualFold(h.in.key, name)):
		whole = join(h.in.without(), component(h.in.named))
		if !strings.EqualFold(h.in.named, name) && name != "" {
			whole = join(whole, component(name))
		}
		return whole
	case half && name != "" && whole != "" && (strings.EqualFold(last(whole), component(name)) || strings.EqualFold(own, name)):
		return whole
	}
	if h.in.list {
		if name == "" || strings.EqualFold(last(whole), component(name)) {
			return whole + "[" + strconv.Itoa(h.at) + "]"
		}
		return join(whole, component(name)) // - NAME=value
	}
	whole = join(whole, own)
	if name == "" || strings.EqualFold(own, component(name)) || whole == name || strings.HasSuffix(whole, "."+name) {
		return whole
	}
	return join(whole, component(name))
}

// path is where n stands.
func (n *node) path() string {
	s := ""
	for depth := 0; n.parent != nil && depth < maxNodes; depth++ {
		switch {
		case n.parent.list:
			s = "[" + strconv.Itoa(n.index) + "]" + dotted(s)
		case n.key != "":
			s = component(n.key) + dotted(s)
		}
		n = n.parent
	}
	return s
}

// without is where n stands, or its list if it is in one.
func (n *node) without() string {
	if n.parent != nil && n.parent.list {
		return n.parent.path()
	}
	return n.path()
}

func dotted(rest string) string {
	if rest == "" || rest[0] == '[' {
		return rest
	}
	return "." + rest
}

func join(whole, part string) string {
	switch {
	case whole == "":
		return part
	case part == "":
		return whole
	}
	return whole + dotted(part)
}

// last is a path's last component, without an index.
func last(whole string) string {
	whole = whole[strings.LastIndexByte(whole, '.')+1:]
	if i := strings.IndexByte(whole, '['); i >= 0 {
		return whole[:i]
	}
	return whole
}

// component is a key as it may be shown: one that looks random, or is longer than
// names are, is a star.
func component(key string) string {
	if len(key) > 64 {
		return "*"
	}
	run, letters, digits := 0, 0, 0
	for i := range len(key) {
		switch c := key[i]; {
		case c >= '0' && c <= '9':
			run, digits = run+1, digits+1
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			run, letters = run+1, letters+1
		case c <= ' ' || c > '~':
			return "*"
		default:
			run, letters, digits = 0, 0, 0
		}
		if run > 15 && letters > 2 && digits > 2 {
			return "*"
		}
	}
	return key
}
