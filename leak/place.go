package leak

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Place is where something was found or not looked at. The set is closed:
// reports, policy and remediation can switch over all kinds.
//
// Kind is the word that JSON carries as "kind". String is for people; paths in
// it use '/', and what a terminal could misread (control and bidi characters)
// is escaped by whoever prints, not here. Path is what rules' path patterns see
// ("" where there is none). identity is the place without its line, so that
// moving a value within a file, or committing the file, is no new finding.
type Place interface {
	Kind() string
	String() string
	Path() string
	identity() string
	place()
}

// Inner names the archive members on the way to the text, outermost first:
// a.zip holding b.tar holding c.env is ["b.tar", "c.env"] within File a.zip.
type Inner []string

func (in Inner) suffix() string {
	if len(in) == 0 {
		return ""
	}
	return "!/" + strings.Join(in, "!/")
}

// File is a file on disk. Name is as the user reached it, with '/'.
type File struct {
	Name  string `json:"path"`
	Inner Inner  `json:"inner,omitempty"`
}

// Stdin is the standard input, or what a hook was handed.
type Stdin struct {
	Inner Inner `json:"inner,omitempty"`
}

// GitBlob is a file's content in a git repository, at rest in the object store
// or in the index. Name is its first known path, relative to the repository's
// root; a blob that no tree names has none. Commit is the first commit that has
// it ("" for staged and unreachable blobs). Ids are in hex.
type GitBlob struct {
	Repo   string `json:"repo,omitempty"` // "" is the scanned repository itself, else a submodule's path
	Blob   string `json:"blob"`
	Commit string `json:"commit,omitempty"`
	Name   string `json:"path,omitempty"`
	Inner  Inner  `json:"inner,omitempty"`
}

// GitMessage is the text of an object that is not a file: a commit's or tag's
// message and headers, a note, a reflog line, a ref's name.
type GitMessage struct {
	Repo   string `json:"repo,omitempty"`
	Object string `json:"object,omitempty"` // id in hex; "" for a ref's name
	What   string `json:"what"`             // "commit", "tag", "note", "reflog", "ref"
	Ref    string `json:"ref,omitempty"`
}

// ImageFile is a file in a layer of a container image.
type ImageFile struct {
	Image string `json:"image"`
	Layer string `json:"layer"` // digest
	Name  string `json:"path"`
	Inner Inner  `json:"inner,omitempty"`
}

// ImageConfig is a field of an image's configuration, manifest or history.
type ImageConfig struct {
	Image string `json:"image"`
	Field string `json:"field"` // as "config.Env[3]", "history[2].created_by"
}

// Variable is an environment or CI variable. Scope says whose.
type Variable struct {
	Scope string `json:"scope"` // as "github:org/repo/environment/prod", "env"
	Name  string `json:"name"`
}

// JobLog is what a CI job printed, or left behind as an artifact. Job says which one,
// as its pipeline names it; Run is one time that it ran, which is no part of the
// identity: a job prints tomorrow what it prints today.
type JobLog struct {
	Scope    string `json:"scope"`
	Job      string `json:"job"`
	Run      string `json:"run,omitempty"`
	Artifact string `json:"artifact,omitempty"` // "" is the log
	Inner    Inner  `json:"inner,omitempty"`
}

// ObjectField is a field of a Kubernetes object, from a manifest or a cluster.
type ObjectField struct {
	File      string `json:"file,omitempty"`
	Object    string `json:"object"` // as "v1/Pod"
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Field     string `json:"field"` // as "spec.containers[0].env[2].value"
	Inner     Inner  `json:"inner,omitempty"`
}

func (File) Kind() string        { return "file" }
func (Stdin) Kind() string       { return "stdin" }
func (GitBlob) Kind() string     { return "git-blob" }
func (GitMessage) Kind() string  { return "git-message" }
func (ImageFile) Kind() string   { return "image-file" }
func (ImageConfig) Kind() string { return "image-config" }
func (Variable) Kind() string    { return "variable" }
func (JobLog) Kind() string      { return "job-log" }
func (ObjectField) Kind() string { return "object-field" }

func (p File) String() string  { return p.Name + p.Inner.suffix() }
func (p Stdin) String() string { return "stdin" + p.Inner.suffix() }
func (p ImageFile) String() string {
	return p.Image + "@" + layerShort(p.Layer) + ":" + p.Name + p.Inner.suffix()
}
func (p ImageConfig) String() string { return p.Image + " " + p.Field }
func (p Variable) String() string    { return p.Scope + " variable " + p.Name }

func (p GitBlob) String() string {
	name := p.Name
	if name == "" {
		name = "blob " + short(p.Blob)
	}
	if p.Repo != "" {
		name = p.Repo + "/" + name
	}
	return name + p.Inner.suffix()
}

func (p GitMessage) String() string {
	s := p.What
	if p.Object != "" {
		s += " " + short(p.Object)
	}
	if p.Ref != "" {
		s += " (" + p.Ref + ")"
	}
	if p.Repo != "" {
		s = p.Repo + ": " + s
	}
	return s
}

func (p JobLog) String() string {
	s := p.Scope + " log of " + p.Job
	if p.Artifact != "" {
		s = p.Scope + " artifact " + p.Artifact + " of " + p.Job
	}
	if p.Run != "" {
		s += " run " + p.Run
	}
	return s + p.Inner.suffix()
}

func (p ObjectField) String() string {
	s := p.Object + " "
	if p.Namespace != "" {
		s += p.Namespace + "/"
	}
	s += p.Name + " " + p.Field + p.Inner.suffix()
	if p.File != "" {
		s = p.File + ": " + s
	}
	return s
}

func (p File) Path() string        { return p.Name + p.Inner.suffix() }
func (p Stdin) Path() string       { return strings.TrimPrefix(p.Inner.suffix(), "!/") }
func (p GitBlob) Path() string     { return p.Name + p.Inner.suffix() }
func (GitMessage) Path() string    { return "" }
func (p ImageFile) Path() string   { return p.Name + p.Inner.suffix() }
func (ImageConfig) Path() string   { return "" }
func (Variable) Path() string      { return "" }
func (p ObjectField) Path() string { return p.File }

// A log has no path, an artifact's files have theirs.
func (p JobLog) Path() string {
	if p.Artifact == "" {
		return ""
	}
	return p.Artifact + p.Inner.suffix()
}

// A file and the blob that it is committed as are one place.
func (p File) identity() string  { return "path\x00" + p.Path() }
func (p Stdin) identity() string { return "stdin\x00" + p.Path() }
func (p GitBlob) identity() string {
	if p.Name == "" {
		return "blob\x00" + p.Blob + p.Inner.suffix()
	}
	if p.Repo != "" {
		return "path\x00" + p.Repo + "/" + p.Path()
	}
	return "path\x00" + p.Path()
}
func (p GitMessage) identity() string  { return "object\x00" + p.Object + "\x00" + p.Ref }
func (p ImageFile) identity() string   { return "image\x00" + p.Path() }
func (p ImageConfig) identity() string { return "image\x00" + p.Field }
func (p Variable) identity() string    { return "variable\x00" + p.Scope + "\x00" + p.Name }
func (p JobLog) identity() string {
	s := "log\x00" + p.Scope + "\x00" + p.Job
	if p.Artifact != "" {
		s += "\x00" + p.Artifact
	}
	return s + p.Inner.suffix()
}
func (p ObjectField) identity() string {
	return strings.Join([]string{"object-field", p.File, p.Object, p.Namespace, p.Name, p.Field}, "\x00") + p.Inner.suffix()
}

func (File) place()        {}
func (Stdin) place()       {}
func (GitBlob) place()     {}
func (GitMessage) place()  {}
func (ImageFile) place()   {}
func (ImageConfig) place() {}
func (Variable) place()    {}
func (JobLog) place()      {}
func (ObjectField) place() {}

// PlaceID names a place without its line and commit: places with one PlaceID
// are the same to identity, grouping and allow files.
func PlaceID(p Place) string { return p.identity() }

// Within is p with one more archive member on the way. Kinds that hold no
// archives are returned as they are.
func Within(p Place, member string) Place {
	deeper := func(in Inner) Inner { return append(in[:len(in):len(in)], member) }
	switch p := p.(type) {
	case File:
		p.Inner = deeper(p.Inner)
		return p
	case Stdin:
		p.Inner = deeper(p.Inner)
		return p
	case GitBlob:
		p.Inner = deeper(p.Inner)
		return p
	case ImageFile:
		p.Inner = deeper(p.Inner)
		return p
	case JobLog:
		p.Inner = deeper(p.Inner)
		return p
	case ObjectField:
		p.Inner = deeper(p.Inner)
		return p
	}
	return p
}

// Renamed is p under another name, for kinds that are files: what scans a name
// tells the place without the secret in it.
func Renamed(p Place, name string) Place {
	switch p := p.(type) {
	case File:
		p.Name, p.Inner = name, nil
		return p
	case GitBlob:
		p.Name, p.Inner = name, nil
		return p
	case ImageFile:
		p.Name, p.Inner = name, nil
		return p
	}
	return p
}

func short(id string) string { return id[:min(len(id), 10)] }

// layerShort is a digest as docker's own listings shorten it.
func layerShort(digest string) string {
	digest = strings.TrimPrefix(digest, "sha256:")
	return digest[:min(len(digest), 12)]
}

// placeJSON reads and writes a Place with its "kind" among its own fields.
type placeJSON struct{ Place }

func (j placeJSON) MarshalJSON() ([]byte, error) {
	if j.Place == nil {
		return []byte("null"), nil
	}
	fields, err := json.Marshal(j.Place)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf(`{"kind":%q`, j.Kind())
	if string(fields) == "{}" {
		return []byte(head + "}"), nil
	}
	return append([]byte(head+","), fields[1:]...), nil
}

func (j *placeJSON) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		j.Place = nil
		return nil
	}
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	read, ok := placeReaders[head.Kind]
	if !ok {
		return fmt.Errorf("unknown kind of place %q", head.Kind)
	}
	var err error
	j.Place, err = read(b)
	return err
}

var placeReaders = map[string]func([]byte) (Place, error){
	File{}.Kind():        readPlace[File],
	Stdin{}.Kind():       readPlace[Stdin],
	GitBlob{}.Kind():     readPlace[GitBlob],
	GitMessage{}.Kind():  readPlace[GitMessage],
	ImageFile{}.Kind():   readPlace[ImageFile],
	ImageConfig{}.Kind(): readPlace[ImageConfig],
	Variable{}.Kind():    readPlace[Variable],
	JobLog{}.Kind():      readPlace[JobLog],
	ObjectField{}.Kind(): readPlace[ObjectField],
}

func readPlace[P Place](b []byte) (Place, error) {
	var p P
	err := json.Unmarshal(b, &p)
	return p, err
}
