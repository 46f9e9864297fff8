package remediate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/locate"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// DefaultStore is where secrets go if the user says nothing: an age file in the root
// of each target, which needs nothing installed.
const DefaultStore = "age:"

// Wish is what the user says about a plan; the zero value is the default.
type Wish struct {
	To     string // a store, as "awssecrets:"; "" is DefaultStore
	Prefix string // what names begin with; "" is the folder's name
	Map    Map
	Mode   Mode   // "": a branch in a repository, in place elsewhere
	Branch string // "": oakum/ and the plan's id
	Patch  string // the file to write, absolute
	Way    Way
}

// Map is the user's word on single findings.
type Map []Mapped

// Mapped says where a finding's value goes. What it leaves empty is as it would be
// without it.
type Mapped struct {
	Finding string `yaml:"finding"`         // its id
	Rule    string `yaml:"rule,omitempty"`  // which value of a pair, by its rule; "": all
	Store   string `yaml:"store,omitempty"` // as --to
	Name    string `yaml:"name,omitempty"`  // as "prod/mysql", exactly as the store is to have it
	Field   string `yaml:"field,omitempty"` // of the JSON document under the name
	Whole   bool   `yaml:"whole,omitempty"` // the value alone stands under the name: no document, no field
	ARN     string `yaml:"arn,omitempty"`   // of the name, where it is in AWS Secrets Manager already and is not to be asked for
	Env     string `yaml:"env,omitempty"`   // the variable's name
	Skip    bool   `yaml:"skip,omitempty"`  // leave it alone
	Note    string `yaml:"note,omitempty"`  // for people
}

type mapFile struct {
	Version int `yaml:"version"`
	Secrets Map `yaml:"secrets"`
}

// ReadMap reads a mapping file strictly.
func ReadMap(r io.Reader) (Map, error) {
	var file mapFile
	dec := yaml.NewDecoder(r)
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("read the map: %w; `oakum remediate plan --write-map FILE` writes one to begin with", err)
	}
	if file.Version != 1 {
		return nil, errors.New("read the map: it does not say version: 1")
	}
	for i, m := range file.Secrets {
		switch {
		case m.Finding == "":
			return nil, fmt.Errorf("read the map: entry %d names no finding", i+1)
		case m.Env != "" && !ref.ValidName(m.Env):
			return nil, fmt.Errorf("read the map: %q is no name of an environment variable", m.Env)
		case m.Whole && m.Field != "":
			return nil, fmt.Errorf("read the map: the entry of %s says whole and has a field", m.Finding)
		}
	}
	return file.Secrets, nil
}

// of is the user's word on a value.
func (m Map) of(v *locate.Value) Mapped {
	var word Mapped
	for _, e := range m {
		if e.Finding == v.Finding.ID && (e.Rule == "" || e.Rule == v.Rule) {
			word = e
			if e.Rule != "" { // the more exact one
				break
			}
		}
	}
	return word
}

const mapHead = "# Where each secret goes: change it and plan again with --map. No value is in here.\n"

// Map is the mapping file that gives the plan again, for people to change.
func (p *Plan) Map() ([]byte, error) {
	file := mapFile{Version: 1}
	for _, s := range p.Secrets {
		for _, id := range s.Findings {
			file.Secrets = append(file.Secrets, Mapped{Finding: id, Rule: s.Rule, Store: p.Stores[s.Store].Target, Name: s.Name, Field: s.Field, Whole: s.Field == "", Env: s.Env,
				Note: "proposed: " + s.Advice.Store + ". " + s.Advice.Why})
		}
	}
	var out bytes.Buffer
	out.WriteString(mapHead)
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	err := cmp.Or(enc.Encode(file), enc.Close())
	return out.Bytes(), err
}
