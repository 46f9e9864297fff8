package store

import (
	"cmp"
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Driver makes the calls of one kind of store. It neither retries nor compares: a
// [Store] does. Its errors are made by [Fail] or [Failf]; what has no code is Unknown.
type Driver interface {
	// Describe says which store this is. It may ask the store (for an account's
	// number), so it can fail.
	Describe(ctx context.Context) (Description, error)

	// Stat is what stands under a name, without its value. A name that a deleted
	// secret still holds is an Entry in State Deleted; a free one is NotFound.
	Stat(ctx context.Context, name string) (Entry, error)

	// Read is a value; version "" is the current one. A name that a deleted secret
	// holds is GoneName, a free one or an unknown version NotFound.
	Read(ctx context.Context, name, version string) (Entry, leak.Secret, error)

	// Write stores a value and gives its version. Tags stand with the value or
	// before it, never after: a value without its tags is nobody's. A call with the
	// Token and Value of an earlier one may do nothing and give that one's version.
	Write(ctx context.Context, w Write) (version string, err error)

	// Delete removes a name whose current version is the one named, for good where
	// the store lets one; another version is a Conflict.
	Delete(ctx context.Context, name, version string) error
}

// Write is a value to store. From is the version that must be current, else the
// error is a Conflict; "" means that the name must be free, else it is
// AlreadyExists, or GoneName where a deleted secret holds it.
type Write struct {
	Name  string
	Value leak.Secret
	Tags  map[string]string
	Token string // a UUID, the same for each try of one operation
	From  string

	// Pending stores the value beside the current one, for a driver that is a
	// Promoter: readers of "" do not see it before it is promoted.
	Pending bool
}

// Entry is what is known of a name beside its value.
type Entry struct {
	Name    string
	Full    string // by which the store's platform knows it, where it has a longer name: an ARN
	Version string // the current one; in Read's answer the one that was read
	Pending string // a version that waits to be promoted; "": none does
	Tags    map[string]string
	State   State
}

// State is whether an entry can be read.
type State int

const (
	Live    State = iota
	Deleted       // scheduled for deletion, or soft-deleted: the name is taken all the same
)

// Description is what a plan needs to know of a store. It holds no secret.
type Description struct {
	Kind     string // the driver's package: "awssecrets"
	Identity string // which one: account and region, an address, a file; a plan is bound to it
	Ref      Ref
	Names    Names
	MaxValue int  // bytes; 0: no bound is known
	Text     bool // values must be UTF-8
	Atomic   bool // create-if-absent and compare-and-set hold against other writers
	Lingers  bool // a deleted name stays taken for a time
	Flat     bool // programs read whole values, no fields of documents: username and password are two names (Parameter Store, an age file)
}

// Ref is how programs name a secret of this store, in the syntax of
// github.com/helmfile/vals: Prefix + name + Query, and "#/" + field for a field of a
// JSON document.
type Ref struct {
	Prefix string // "ref+awssecrets://"
	Query  string // "?region=eu-west-1"
	Whole  string // the field that stands for a value that is no document: "value" in Vault, whose secrets always have fields
}

// To is the reference to a name, or to a field of the document under it.
func (r Ref) To(name, field string) string {
	s := r.Prefix + strings.TrimPrefix(name, "/") + r.Query
	if field = cmp.Or(field, r.Whole); field != "" {
		s += "#/" + field
	}
	return s
}

// Names is how a store's names are built.
type Names struct {
	Pattern string // a regular expression for the whole name; "": anything
	Max     int    // bytes; 0: no bound is known
	Join    string // between segments: "/" or "-"
	Lead    string // before the first: "/" in Parameter Store
}

// Of builds a name of segments; whether the store takes it, Pattern says.
func (n Names) Of(segments ...string) string {
	return n.Lead + strings.Join(segments, n.Join)
}

// check refuses what the store would refuse, before anything is sent.
func (d Description) check(p Put) error {
	switch size := p.Value.Len(); {
	case p.Name == "" || d.Names.Max > 0 && len(p.Name) > d.Names.Max:
		return Failf(InvalidArgument, "a name has 1 to %d bytes, and this one %d", d.Names.Max, len(p.Name))
	case size == 0:
		return Failf(InvalidArgument, "there is no value to store")
	case d.MaxValue > 0 && size > d.MaxValue:
		return Failf(TooLarge, "its value has %d bytes, and %s takes %d; keep it as a file in another store", size, d.Kind, d.MaxValue)
	case p.Op == "":
		return Failf(InvalidArgument, "the operation has no id")
	case d.Text && !IsText(p.Value):
		return Failf(InvalidArgument, "its value is binary, and %s takes text alone; encode it (base64) where it is used, or choose another store", d.Kind)
	}
	if d.Names.Pattern == "" {
		return nil
	}
	fits, err := regexp.MatchString("^(?:"+d.Names.Pattern+")$", p.Name)
	if err != nil {
		return Failf(Unknown, "the pattern of its names: %v", err)
	}
	if !fits {
		return Failf(InvalidArgument, "it is no name that %s takes (%s)", d.Kind, d.Names.Pattern)
	}
	return nil
}

// Opener opens the store that a user named as scheme:rest, for example
// "awssecrets://?region=eu-west-1". getenv is the environment, from which credentials
// may come in the vendor's usual way, never from the target.
type Opener func(ctx context.Context, target *url.URL, getenv func(string) string) (Driver, error)
