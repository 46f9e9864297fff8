package remediate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// Schema names the layout of a plan. A plan lives for days: another version's is
// refused, and made anew.
const Schema = "oakum-plan/1"

// maxPlan is more than a plan over a thousand repositories has.
const maxPlan = 64 << 20

var planFile = signed.Format{Word: "plan", Schema: Schema, Label: "oakum plan", Max: maxPlan,
	Writer: "oakum remediate plan", Again: "plan again, and change what is planned by flags or --map"}

// Plan is what will be done, in a file that holds no value. Only whoever has the
// user's key can make one: its MAC covers all of it.
type Plan struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Tool    string    `json:"tool"`   // version of oakum
	Key     string    `json:"key_id"` // id of the key that its tags were made with
	Stores  []Store   `json:"stores"`
	Way     Way       `json:"way,omitzero"` // in which files are rewritten
	Targets []Target  `json:"targets"`
	Secrets []Secret  `json:"secrets"`
	Files   []File    `json:"files"`
	Left    []Left    `json:"left"` // findings that it leaves alone, and why
	Steps   []Step    `json:"steps"`
	MAC     string    `json:"mac"`
}

// Way is what the user chose where a format has several ways.
type Way struct {
	Tests      bool               `json:"tests,omitempty"` // test code and data are rewritten too
	Kubernetes rewrite.Kubernetes `json:"kubernetes,omitzero"`
	OIDC       rewrite.OIDC       `json:"oidc,omitzero"`
	GitLab     rewrite.GitLab     `json:"gitlab,omitzero"`
}

// Ways are those in which a Kubernetes workload's Secret comes to be, the default first.
func Ways() []string { return rewrite.Ways() }

// roleARN is an IAM role's, in any of AWS's partitions.
var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$`)

// Check refuses what no file could be rewritten by.
func (w Way) Check() error {
	switch k := w.Kubernetes; {
	case k.Via != "" && !slices.Contains(Ways(), k.Via):
		return fmt.Errorf("--k8s %s: there is no such way; there are %s", k.Via, strings.Join(Ways(), ", "))
	case w.OIDC.Role != "" && !roleARN.MatchString(w.OIDC.Role):
		return fmt.Errorf("--oidc-role %s: write the role's ARN, as arn:aws:iam::123456789012:role/deploy", w.OIDC.Role)
	case w.OIDC.Region != "" && w.OIDC.Role == "":
		return errors.New("--oidc-region says nothing without --oidc-role")
	}
	return nil
}

// options are a plan's choices as package rewrite takes them.
func (p *Plan) options() rewrite.Options {
	o := rewrite.Options{Tests: p.Way.Tests}
	o.Kubernetes, o.GitLab, o.ARN = p.Way.Kubernetes, p.Way.GitLab, p.arn
	if p.Way.OIDC.Role != "" {
		o.OIDC = &p.Way.OIDC
	}
	return o
}

// arn is the exact name of what a reference is about, "" where it is not known.
func (p *Plan) arn(r ref.Ref) string {
	for _, s := range p.Secrets {
		if s.ARN != "" && s.Ref == r.String() {
			return s.ARN
		}
	}
	return ""
}

// Store is where secrets go. Apply refuses another one under the same name.
type Store struct {
	Target   string `json:"target"` // as the user names it: "awssecrets:", "age:secrets.age"
	Kind     string `json:"kind"`
	Identity string `json:"identity"` // account and region, address, file
	Atomic   bool   `json:"atomic"`
}

// Mode is how files change.
type Mode string

const (
	Branch  Mode = "branch"   // a commit on a branch of its own; the worktree stays as it is
	InPlace Mode = "in-place" // the files themselves
	Patch   Mode = "patch"    // a file for `git apply`
)

// Target is a folder or repository whose files change.
type Target struct {
	Dir    string `json:"dir"` // absolute
	Mode   Mode   `json:"mode"`
	Head   string `json:"head,omitempty"`   // the commit that the change is based on
	Branch string `json:"branch,omitempty"` // to make
	Patch  string `json:"patch,omitempty"`  // file to write, absolute
}

// Secret is one value that moves, known by its tag.
type Secret struct {
	Tag      string   `json:"tag"`
	Target   int      `json:"target"`
	Findings []string `json:"findings"`
	First    *First   `json:"first,omitempty"` // where a history tells
	Rule     string   `json:"rule"`
	Store    int      `json:"store"`
	Name     string   `json:"name"`
	Field    string   `json:"field,omitempty"` // of the JSON document under Name; "": the whole value
	ARN      string   `json:"arn,omitempty"`   // of the name, where it is known
	Env      string   `json:"env"`
	Ref      string   `json:"ref"`
	Advice   Advice   `json:"advice"`
	Stays    []Stay   `json:"stays,omitempty"` // places that the plan does not change
	Rotate   string   `json:"rotate,omitempty"`
	About    []string `json:"about,omitempty"` // what its finding tells of whose it is: "user app"
	From     *From    `json:"from,omitempty"`  // of a secret that is stored, and leaves no file yet
}

// From is a place in which a value stands that the plan does not change.
type From struct {
	File  string `json:"file"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
}

// First is the commit that a value came with, the earliest that is known.
type First struct {
	Commit string    `json:"commit"`
	Date   time.Time `json:"date,omitzero"` // the author's
}

// Stay is a place in which a value stands after the plan too.
type Stay struct {
	Place string `json:"place"`
	File  string `json:"file,omitempty"` // of the target, where it is one
	Why   string `json:"why"`
}

// File is a file that changes. Its content is known by tags.
type File struct {
	Target  int      `json:"target"`
	Path    string   `json:"path"`          // relative to the target, with '/'
	Was     string   `json:"was,omitempty"` // "": there is none yet
	Becomes string   `json:"becomes"`
	Content *string  `json:"content,omitempty"` // of files that hold nothing but references
	Edits   []Edit   `json:"edits,omitempty"`   // of others
	Needs   []string `json:"needs,omitempty"`   // what must exist for it to work
	Notes   []string `json:"notes,omitempty"`
	OldMode uint32   `json:"old_mode,omitempty"` // permission bits
}

// Edit is a value that becomes a reference.
type Edit struct {
	Secret int   `json:"secret"`
	Start  int64 `json:"start"`
	End    int64 `json:"end"`
	Line   int   `json:"line"`
}

// Left is a finding, or a place of one, that the plan does nothing about.
type Left struct {
	Finding string `json:"finding"`
	Rule    string `json:"rule"`
	Place   string `json:"place"`
	Why     string `json:"why"`
}

// What a step does.
const (
	DoPut    = "put"    // a value into the store
	DoWrite  = "write"  // a file in place
	DoCommit = "commit" // files on a branch
	DoPatch  = "patch"  // a patch
	DoCheck  = "check"  // scan what was touched
)

// Step is one act, with how it is taken back.
type Step struct {
	ID           string   `json:"id"`
	Do           string   `json:"do"`
	Op           string   `json:"op"` // a UUID made of plan and step: the store's idempotency token
	Target       int      `json:"target"`
	Secrets      []int    `json:"secrets,omitempty"`
	Files        []int    `json:"files,omitempty"`
	Found        string   `json:"found,omitempty"` // what stood in the store when the plan was made: "", or a version with an equal value
	Adds         []string `json:"adds,omitempty"`  // fields that the document of version Found has not, and gets
	Text         string   `json:"text"`
	Undo         string   `json:"undo"`
	Risk         string   `json:"risk,omitempty"`
	Irreversible bool     `json:"irreversible,omitempty"`
}

// Marks tell whose a plan is.
func (p *Plan) Marks() signed.Marks { return signed.Marks{Schema: p.Schema, Key: p.Key, MAC: &p.MAC} }

// IsOurs tells a plan, an order or a map, which may be replaced by a newer one, from
// other files.
func IsOurs(file []byte) bool {
	head := file[:min(len(file), 64)]
	return bytes.Contains(head, []byte(Schema)) || bytes.Contains(head, []byte(rotate.Schema)) || bytes.HasPrefix(file, []byte(mapHead))
}

// Decode reads a plan strictly, and checks that it is the user's own.
func Decode(r io.Reader, k *key.Key) (*Plan, error) {
	p := &Plan{}
	if _, err := planFile.Read(r, p, k); err != nil {
		return nil, err
	}
	return p, p.check()
}

// check refuses what no planner writes, so that no index leads nowhere.
func (p *Plan) check() error {
	in := func(i, n int) bool { return i >= 0 && i < n }
	ok := true
	for _, s := range p.Secrets {
		ok = ok && in(s.Target, len(p.Targets)) && in(s.Store, len(p.Stores))
	}
	for _, f := range p.Files {
		ok = ok && in(f.Target, len(p.Targets))
		for _, e := range f.Edits {
			ok = ok && in(e.Secret, len(p.Secrets))
		}
	}
	for _, s := range p.Steps {
		ok = ok && in(s.Target, len(p.Targets))
		for _, i := range s.Secrets {
			ok = ok && in(i, len(p.Secrets))
		}
		for _, i := range s.Files {
			ok = ok && in(i, len(p.Files))
		}
		ok = ok && (s.Do != DoPut || len(s.Secrets) > 0)
	}
	if !ok {
		return errors.New("read the plan: a part of it points to another that is not there: plan again")
	}
	return nil
}
